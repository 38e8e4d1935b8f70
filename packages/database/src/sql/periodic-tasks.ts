import type { Queryable } from '../database.js';

/**
 * Takes or keeps periodic tasks for one runner, and returns the names of those that the runner has. Others get a task when it has
 * expired. A row instead of a session's lock, which does not work behind a transaction pooler.
 *
 * @param tasks `forMs`: time until it expires, in milliseconds by the database's clock; a later time that a wrong clock left is no
 *   hindrance
 * @param runner names this process among all
 */
export async function takeTasks(
  sql: Queryable,
  tasks: readonly { name: string; forMs: number }[],
  runner: string,
): Promise<Set<string>> {
  const { rows } = await sql.query<{ name: string }>({
    name: 'take_tasks',
    // In one order, so that two runners never wait for each other.
    text: `
      INSERT INTO periodic_tasks (name, runner, expires_at)
      SELECT name, $3, clock_timestamp() + make_interval(secs => for_ms / 1000)
      FROM unnest($1::text[], $2::float8[]) AS task (name, for_ms) ORDER BY name
      ON CONFLICT (name) DO UPDATE SET runner = excluded.runner, expires_at = excluded.expires_at
      WHERE periodic_tasks.runner = excluded.runner OR periodic_tasks.expires_at <= clock_timestamp()
        OR periodic_tasks.expires_at > excluded.expires_at + interval '1 min'
      RETURNING name`,
    values: [tasks.map(({ name }) => name), tasks.map(({ forMs }) => forMs), runner],
  });
  return new Set(rows.map(({ name }) => name));
}

/** Gives a task back, so that another process need not wait until it expires. */
export async function giveBackTask(sql: Queryable, name: string, runner: string): Promise<void> {
  await sql.query({
    name: 'give_back_task',
    text: 'DELETE FROM periodic_tasks WHERE name = $1 AND runner = $2',
    values: [name, runner],
  });
}
