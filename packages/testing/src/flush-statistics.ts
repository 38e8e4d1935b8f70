import type pg from 'pg';

/** PostgreSQL 14 hands the counts of a session over twice a second, and its collector writes them as often. In seconds. */
const COLLECTED_AFTER_S = 1.5;

/** Makes the counts of this session visible in PostgreSQL's statistics views. */
export async function flushStatistics(session: Pick<pg.Pool, 'query'>): Promise<void> {
  const { rows } = await session.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS version",
  );
  if ((rows[0]?.version ?? 0) >= 15) {
    await session.query('SELECT pg_stat_force_next_flush()');
    return;
  }
  await session.query(`SELECT pg_sleep(${String(COLLECTED_AFTER_S)})`);
  await session.query(`SELECT pg_stat_clear_snapshot(), pg_sleep(${String(COLLECTED_AFTER_S)})`);
}
