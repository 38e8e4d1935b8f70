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
  /** A webhook has five more requests in flight than it allows. */
  'more-slots': replaceFunction('slots_of', /THEN 1\s+ELSE/, 'THEN 6 ELSE 5 +'),
  /** Claims and admissions do not see that a webhook is paused. */
  'pause-unseen': both(
    replaceFunction('lock_webhooks', /all_paused OR is_paused\(webhooks\)/, 'false'),
    replaceFunction('free_slots', /OR is_paused\(webhook\)/, ''),
  ),
  /** A fifo webhook's deliveries may be claimed in any order. */
  'no-order': replaceFunction('first_in_line', /RETURN least\(/, 'RETURN coalesce(9223372036854775807, '),
} satisfies Record<string, Intercept>;

/** The name of a sabotage. */
export type Sabotage = keyof typeof SABOTAGES;

export function isSabotage(name: string): name is Sabotage {
  return name in SABOTAGES;
}

const COMMIT_LATE_MS = 2000;

function reconcilerOff(...[{ name }, run]: Parameters<Intercept>): Promise<pg.QueryResult> {
  if (name === 'admit_next') return Promise.resolve(answer([{ admitted: [], cursor: null }]));
  return name === 'wake_deliveries' ? Promise.resolve(answer([])) : run();
}

function acknowledgeFirst(...[{ name, values }, run]: Parameters<Intercept>): Promise<pg.QueryResult> {
  if (name !== 'accept_events') return run();
  setTimeout(() => void run().catch(() => undefined), COMMIT_LATE_MS);
  const ids = values[0] as string[];
  const accepted = ids.map((id, index) => ({ id, position: index + 1 }));
  return Promise.resolve(answer([{ accepted, admitted: [], deliveries: 0, skipped: 0, expanding: 0, conflicts: [], stale: [] }]));
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
    `WITH removed AS (DELETE FROM pending_deliveries WHERE delivery_id = ANY($1))
     UPDATE deliveries SET status = 'succeeded', finished_at = now() WHERE id = ANY($1)`,
    [ids],
  );
  return result;
}

/** Returns a sabotage that changes a function of the database before the first claim. */
function replaceFunction(name: string, part: RegExp, by: string): Intercept {
  let isReplaced = false;
  return async (statement, run, client) => {
    if (statement.name === 'claim_deliveries' && !isReplaced) {
      const { rows } = await client.query<{ text: string }>('SELECT pg_get_functiondef(to_regproc($1)) AS text', [name]);
      const text = rows[0]?.text ?? '';
      // Another worker may have replaced it; when both do at once, one fails, and claims again.
      if (part.test(text)) await client.query(text.replace(part, by));
      isReplaced = true;
    }
    return run();
  };
}

function both(first: Intercept, second: Intercept): Intercept {
  return (statement, run, client) => first(statement, () => second(statement, run, client), client);
}

function answer(rows: object[]): pg.QueryResult {
  return { command: 'SELECT', rowCount: rows.length, oid: 0, fields: [], rows };
}
