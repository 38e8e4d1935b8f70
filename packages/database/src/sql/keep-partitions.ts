import type { Queryable } from '../database.js';

/** The changes of one call. */
export interface Kept {
  /** The periods that were added to the log. */
  added: string[];
  /** The periods that were dropped, with all events, deliveries and attempts in them. */
  dropped: string[];
  /** The periods that are to be dropped, but that others read or write at present. */
  busy: string[];
}

/** Days for which partitions exist in advance: partition maintenance may be down for as long. */
const AHEAD_DAYS = 7;
/** A log of `n` days has periods of `n / 8` days, so that a statement has few partitions to search. */
const PERIODS = 8;
/** Time for which every round must find that a period is too old, before `drop_next_partition` drops it: a clock that is ahead for a day drops nothing. */
const CONFIRMED_AFTER = '1 day';
/** Days of a period that is added because an event has none: the next round adds the periods behind it. */
const MISSING_DAYS = 1;
const DAY_MS = 86_400_000;
/** PostgreSQL's code of a statement that did not get a lock in time. */
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Adds the periods that the log will need, and drops those that ended more than `retentionDays` ago, except a period with
 * pending deliveries. It is dropped a day after a call first found it too old, if no call has found otherwise since: PostgreSQL
 * cannot know that its clock is ahead, and nothing brings the events back. Many processes may call it at once. Each step is a
 * transaction, so that a period that cannot be dropped now does not delay one that is to be added.
 *
 * Statements on the log wait while a period waits to be dropped. So a period that others read is left to the next call after a tenth of a second.
 */
export async function keepPartitions(sql: Queryable, retentionDays: number): Promise<Kept> {
  const kept: Kept = { added: [], dropped: [], busy: [] };
  const { rows } = await sql.query<{ now: Date }>('SELECT now()');
  const now = (rows[0]?.now ?? new Date()).getTime();
  const through = new Date(now + AHEAD_DAYS * DAY_MS);
  const addNext = () => addPeriod(sql, new Date(now), through, Math.ceil(retentionDays / PERIODS));
  for (let name = await addNext(); name !== null; name = await addNext()) kept.added.push(name);
  for (const name of await readExpired(sql, new Date(now - retentionDays * DAY_MS))) {
    const result = await dropPeriod(sql, name);
    if (result !== 'kept') kept[result].push(name);
  }
  return kept;
}

/**
 * Adds the period that holds PostgreSQL's present time, if the log has none: the clock was moved by more than the days for
 * which periods exist in advance, or no process has run for that long. Of many callers at once the first one adds it, and the
 * others wait for it.
 */
export async function addMissingPeriod(sql: Queryable): Promise<void> {
  await sql.query(`SELECT add_period(now(), now(), ${String(MISSING_DAYS)})`);
}

/** Adds the first period that the log lacks between two times and returns its name; null when it lacks none. */
async function addPeriod(sql: Queryable, from: Date, through: Date, days: number): Promise<string | null> {
  const { rows } = await sql.query<{ name: string | null }>('SELECT add_period($1, $2, $3) AS name', [from, through, days]);
  return rows[0]?.name ?? null;
}

/** Marks the periods that ended before this time, and returns the names of those that have been marked for long enough. */
async function readExpired(sql: Queryable, endedBefore: Date): Promise<string[]> {
  await sql.query(
    `UPDATE partitions SET expired_at = CASE WHEN ends_at < $1 THEN now() END
     WHERE CASE WHEN ends_at < $1 THEN expired_at IS NULL OR expired_at > now() ELSE expired_at IS NOT NULL END`,
    [endedBefore],
  );
  // Tidings made the names: a date, or "first".
  const { rows } = await sql.query<{ name: string }>(
    `SELECT name FROM partitions WHERE expired_at <= now() - interval '${CONFIRMED_AFTER}' ORDER BY ends_at`,
  );
  return rows.map(({ name }) => name);
}

/** Drops a period, unless it has pending deliveries or others use it. After a crash the next call drops the rest. */
async function dropPeriod(sql: Queryable, name: string): Promise<'dropped' | 'busy' | 'kept'> {
  try {
    for (;;) {
      const { rows } = await sql.query<{ dropped: string | null }>('SELECT drop_next_partition($1) AS dropped', [name]);
      const dropped = rows[0]?.dropped ?? null;
      if (dropped === null) return 'kept';
      if (dropped === 'events') return 'dropped';
    }
  } catch (error) {
    if ((error as { code?: unknown }).code === LOCK_NOT_AVAILABLE) return 'busy';
    throw error;
  }
}
