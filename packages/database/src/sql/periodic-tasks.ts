import type { Queryable } from '../database.js';

/**
 * Takes or keeps a periodic task for one runner, and returns whether the runner has it. Others get it when it has expired. A row
 * instead of a session's lock, which does not work behind a transaction pooler.
 *
 * @param runner names this process among all
 * @param forMs time until it expires, in milliseconds by the database's clock; a later time that a wrong clock left is no hindrance
 */
export async function takeTask(sql: Queryable, name: string, runner: string, forMs: number): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'take_task',
    text: `
      INSERT INTO periodic_tasks (name, runner, expires_at)
      VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3::float8 / 1000))
      ON CONFLICT (name) DO UPDATE SET runner = excluded.runner, expires_at = excluded.expires_at
      WHERE periodic_tasks.runner = excluded.runner OR periodic_tasks.expires_at <= clock_timestamp()
        OR periodic_tasks.expires_at > excluded.expires_at + interval '1 min'`,
    values: [name, runner, forMs],
  });
  return rowCount === 1;
}

/** Gives a task back, so that another process need not wait until it expires. */
export async function giveBackTask(sql: Queryable, name: string, runner: string): Promise<void> {
  await sql.query({
    name: 'give_back_task',
    text: 'DELETE FROM periodic_tasks WHERE name = $1 AND runner = $2',
    values: [name, runner],
  });
}
