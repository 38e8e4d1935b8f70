import type pg from 'pg';

/** The changes of one call. */
export interface Kept {
  /** The periods that were added to the log. */
  added: string[];
  /** The periods that were dropped, with all events, deliveries and attempts in them. */
  dropped: string[];
}

/** Days for which partitions exist in advance: partition maintenance may be down for as long. */
const AHEAD_DAYS = 7;
/** A log of `n` days has periods of `n / 8` days, so that a statement has few partitions to search. */
const PERIODS = 8;
const DAY_MS = 86_400_000;
/** Attaching and dropping wait for running statements, and later statements queue behind them: so they stop early, and the next call tries again. */
const LOCK_TIMEOUT_MS = 2000;
/** Any number, as long as every process takes the same lock. */
const PARTITION_LOCK = 4_105_112_402;

/**
 * Adds the periods that the log will need, and drops those that ended more than `retentionDays` ago, except a period with
 * pending deliveries. Many processes may call it at once. Each step is a transaction, so that a period that cannot be dropped
 * now does not delay one that is to be added.
 *
 * Throws when it waits for a lock for more than two seconds; the next call continues.
 */
export async function keepPartitions(pool: Pick<pg.Pool, 'connect'>, retentionDays: number): Promise<Kept> {
  const client = await pool.connect();
  const kept: Kept = { added: [], dropped: [] };
  let failure: Error | undefined;
  // The pool does not listen while a client is checked out. If its connection breaks, the next statement fails.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  try {
    const { rows } = await client.query<{ now: Date }>('SELECT now()');
    const now = (rows[0]?.now ?? new Date()).getTime();
    const endedBefore = new Date(now - retentionDays * DAY_MS);
    const addNext = () => addPeriod(client, new Date(now), Math.ceil(retentionDays / PERIODS));
    for (let name = await addNext(); name !== null; name = await addNext()) kept.added.push(name);
    // Tidings made the names: a date, or "first".
    const ended = await client.query<{ name: string }>('SELECT name FROM partitions WHERE ends_at < $1 ORDER BY ends_at', [
      endedBefore,
    ]);
    for (const { name } of ended.rows) {
      if (await dropPeriod(client, name)) kept.dropped.push(name);
    }
    await client.query('DELETE FROM idempotency_keys WHERE created_at < $1', [endedBefore]);
    return kept;
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    // After an error the connection's state is unknown: the pool replaces it.
    client.off('error', ignore);
    client.release(failure);
  }
}

/** Adds the period after the last one and returns its name; null when enough periods exist. */
function addPeriod(client: pg.PoolClient, now: Date, widthDays: number): Promise<string | null> {
  return inTransaction(client, async () => {
    const { rows } = await client.query<{ end: Date | null }>('SELECT max(ends_at) AS end FROM partitions');
    const end = rows[0]?.end ?? now;
    if (end.getTime() >= now.getTime() + AHEAD_DAYS * DAY_MS) return null;
    const name = end.toISOString().slice(0, 10).replaceAll('-', '_');
    await client.query('SELECT add_partition($1, $2, $3)', [name, end, new Date(end.getTime() + widthDays * DAY_MS)]);
    return name;
  });
}

/**
 * Drops a period, unless it has pending deliveries. Returns whether it was dropped.
 *
 * Each table is dropped in its own transaction: one that locked two tables and waited for the third could deadlock with a
 * statement. Deliveries come first, because attempts are only written for existing deliveries; after a crash the next call
 * drops the rest.
 */
async function dropPeriod(client: pg.PoolClient, name: string): Promise<boolean> {
  const idle = await inTransaction(client, async () => {
    const { rows } = await client.query<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [
      `deliveries_${name}`,
    ]);
    if (rows[0]?.exists !== true) return true;
    if (await hasPending(client, name)) return false;
    // From here on no request can retry or replay one of its deliveries. DROP TABLE takes the same lock.
    await client.query('LOCK TABLE ONLY deliveries IN ACCESS EXCLUSIVE MODE');
    if (await hasPending(client, name)) return false;
    await client.query(`DROP TABLE deliveries_${name}`);
    return true;
  });
  if (!idle) return false;
  await inTransaction(client, () => client.query(`DROP TABLE IF EXISTS attempts_${name}`));
  return inTransaction(client, async () => {
    await client.query(`DROP TABLE IF EXISTS events_${name}`);
    const { rowCount } = await client.query('DELETE FROM partitions WHERE name = $1', [name]);
    return rowCount === 1;
  });
}

/** Returns whether a period has pending deliveries: one look-up in each partial index, however many deliveries have ended. */
async function hasPending(client: pg.PoolClient, name: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM deliveries_${name} WHERE wake_at IS NOT NULL UNION ALL SELECT FROM deliveries_${name} WHERE stage = 'parked' LIMIT 1`,
  );
  return rowCount !== 0;
}

async function inTransaction<Result>(client: pg.PoolClient, work: () => Promise<Result>): Promise<Result> {
  try {
    await client.query(
      `BEGIN; SET LOCAL lock_timeout = ${String(LOCK_TIMEOUT_MS)}; SELECT pg_advisory_xact_lock(${String(PARTITION_LOCK)})`,
    );
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
