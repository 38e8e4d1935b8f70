import type pg from 'pg';
import type { Intercept } from './intercept.js';

/** Breaks a promise of the process on purpose, so that the harness can show that it would notice. */
export const SABOTAGES = {
  /** Nobody looks for what Redis lost (against I2). */
  'reconciler-off': reconcilerOff,
  /** An event is acknowledged before it is committed (against I1). */
  'acknowledge-first': acknowledgeFirst,
  /** A delivery is recorded as succeeded before it is sent (against I3). */
  'success-first': successFirst,
  /** The stream believes that whatever is not announced is not there. */
  'announcements-only': announcementsOnly,
} satisfies Record<string, Intercept>;

export type Sabotage = keyof typeof SABOTAGES;

export function isSabotage(name: string): name is Sabotage {
  return name in SABOTAGES;
}

const COMMIT_LATE_MS = 2000;

function reconcilerOff(...[{ name }, run]: Parameters<Intercept>): Promise<pg.QueryResult> {
  return name === 'wake_deliveries' || name === 'release_deliveries' ? Promise.resolve(answer([])) : run();
}

function acknowledgeFirst(...[{ name, values }, run]: Parameters<Intercept>): Promise<pg.QueryResult> {
  if (name !== 'accept_events') return run();
  setTimeout(() => void run().catch(() => undefined), COMMIT_LATE_MS);
  const ids = values[0] as string[];
  return Promise.resolve(answer(ids.map((id, index) => ({ kind: 'event', id, position: String(index + 1) }))));
}

function announcementsOnly(...[{ name }, run]: Parameters<Intercept>): Promise<pg.QueryResult> {
  return name === 'read_events' ? Promise.resolve(answer([])) : run();
}

async function successFirst(...[{ name }, run, client]: Parameters<Intercept>): Promise<pg.QueryResult> {
  const result = await run();
  if (name !== 'claim_deliveries') return result;
  const ids = (result.rows as { id: string; fate: string }[]).filter(({ fate }) => fate === 'claimed').map(({ id }) => id);
  // No attempts are to follow, and the reconciler is not to look again, as for every delivery that has succeeded.
  await client.query(
    `UPDATE deliveries SET status = 'succeeded', stage = NULL, next_attempt_at = NULL, wake_at = NULL, finished_at = now() WHERE id = ANY($1)`,
    [ids],
  );
  return result;
}

function answer(rows: object[]): pg.QueryResult {
  return { command: 'SELECT', rowCount: rows.length, oid: 0, fields: [], rows };
}
