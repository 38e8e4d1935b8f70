import type pg from 'pg';
import type { Intercept } from './intercept.js';

/** Each breaks a promise of the process on purpose, to test that the harness detects it. */
export const SABOTAGES = {
  /** The reconciler does not enqueue deliveries that Redis lost (against I2). */
  'reconciler-off': reconcilerOff,
  /** An event is acknowledged before it is committed (against I1). */
  'acknowledge-first': acknowledgeFirst,
  /** A delivery is recorded as succeeded before it is sent (against I3). */
  'success-first': successFirst,
  /** The stream sends only announced events, and never reads the log. */
  'announcements-only': announcementsOnly,
  /** The stream does not notice that the log was put back. */
  'put-back-unseen': putBackUnseen,
} satisfies Record<string, Intercept>;

/** The name of a sabotage. */
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
  return name === 'follow_events' ? Promise.resolve(answer([])) : run();
}

async function putBackUnseen(...[{ name }, run]: Parameters<Intercept>): Promise<pg.QueryResult> {
  const result = await run();
  if (name === 'follow_events') for (const row of result.rows as { isPutBack: boolean }[]) row.isPutBack = false;
  return result;
}

async function successFirst(...[{ name }, run, client]: Parameters<Intercept>): Promise<pg.QueryResult> {
  const result = await run();
  if (name !== 'claim_deliveries') return result;
  const ids = (result.rows as { id: string; action: string }[]).filter(({ action }) => action === 'claimed').map(({ id }) => id);
  // No attempt may follow, and the reconciler must not enqueue the delivery again, as after a success.
  await client.query(
    `UPDATE deliveries SET status = 'succeeded', stage = NULL, next_attempt_at = NULL, wake_at = NULL, finished_at = now() WHERE id = ANY($1)`,
    [ids],
  );
  return result;
}

function answer(rows: object[]): pg.QueryResult {
  return { command: 'SELECT', rowCount: rows.length, oid: 0, fields: [], rows };
}
