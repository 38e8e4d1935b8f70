import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { answered, HEALTH, refused, succeeded } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import { claimDeliveries, type ClaimedDelivery } from './claim-deliveries.js';
import { recordAttempts, type AttemptRecord } from './record-attempts.js';

let log: TestLog;
let id: string;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(async () => {
  await log.clear();
  id = await log.addDelivery('one');
});

const again = { status: 'pending', retryInMs: 0 } as const;
const record = (...records: AttemptRecord[]) => recordAttempts(log.pool, records, { wakeAfterMs: 15_000, health: HEALTH });
const health = () => log.health('wh_one');
/** Records one more attempt, and bypasses the circuit. */
const attempt = async (outcome: (claim: ClaimedDelivery) => AttemptRecord) => {
  await log.pool.query('UPDATE webhooks SET circuit_probe_at = NULL WHERE circuit_probe_at > now()');
  await log.pool.query("UPDATE pending_deliveries SET stage = 'admitted', next_attempt_at = now()");
  await record(outcome(await log.claim(id)));
};
/** Makes all deliveries those of the first webhook. */
const sendAllToOne = () =>
  log.pool.query("UPDATE deliveries SET webhook_id = 'wh_one'; UPDATE pending_deliveries SET webhook_id = 'wh_one'");
const silence = (claim: ClaimedDelivery) => refused(claim, again);
const refusal = (claim: ClaimedDelivery) => answered(claim, 500, again);
const exhaustion = (claim: ClaimedDelivery) => answered(claim, 500, { status: 'failed' });
const success = (claim: ClaimedDelivery) => ({ ...succeeded(claim), outcome: again });

describe('the circuit of a webhook', () => {
  test('opens after circuitAfter attempts in a row without a response, and waits for the first probe', async () => {
    await attempt(silence);
    await attempt(silence);
    expect(await health()).toMatchObject({ unreachable_count: 2, circuit_opened_ago: null, circuit_probe_in: null });
    await attempt(silence);
    expect(await health()).toMatchObject({ unreachable_count: 3, circuit_opened_ago: 0, circuit_probe_in: 30 });
  });

  test('opens when these attempts are recorded in one commit', async () => {
    const ids = [id];
    for (let count = 0; count < 2; count += 1) ids.push(await log.addDelivery());
    await sendAllToOne();
    const claims: ClaimedDelivery[] = [];
    for (const one of ids) claims.push(await log.claim(one));
    await record(...claims.map(silence));
    expect(await health()).toMatchObject({ unreachable_count: 3, circuit_opened_ago: 0 });
  });

  test.each([
    ['an error', refusal],
    ['a success', success],
  ])('does not open when %s comes in between', async (_, response) => {
    await attempt(silence);
    await attempt(silence);
    await attempt(response);
    await attempt(silence);
    expect(await health()).toMatchObject({ unreachable_count: 1, circuit_opened_ago: null });
  });

  test.each([
    ['an error', refusal],
    ['a success', success],
  ])('closes on %s', async (_, response) => {
    for (let count = 0; count < 3; count += 1) await attempt(silence);
    await attempt(response);
    expect(await health()).toMatchObject({ unreachable_count: 0, circuit_opened_ago: null, circuit_probe_in: null });
  });

  test('is probed each time after as long as it has been open, up to a limit', async () => {
    for (let count = 0; count < 3; count += 1) await attempt(silence);
    const waits: unknown[] = [];
    for (let count = 0; count < 6; count += 1) {
      const { circuit_probe_in: wait } = (await health()) ?? {};
      waits.push(wait);
      await log.pass(wait ?? 0);
      await attempt(silence);
    }
    // Open for 30, 60, 120, 240, 480 s …
    expect(waits).toEqual([30, 30, 60, 120, 240, 300]);
    expect(await health()).toMatchObject({ circuit_opened_ago: 780, circuit_probe_in: 300 });
  });
});

describe('a change of the health of a webhook', () => {
  const silent = async () => {
    await log.pool.query('UPDATE webhooks SET circuit_probe_at = NULL WHERE circuit_probe_at > now()');
    await log.pool.query("UPDATE pending_deliveries SET stage = 'admitted', next_attempt_at = now()");
    return log.claim(id);
  };
  const nothing = { circuitsOpened: 0, circuitsClosed: 0, disabledFailing: 0, disabledGone: 0 };

  test('is reported once when a circuit opens and once when it closes', async () => {
    const changes: unknown[] = [];
    for (const outcome of [silence, silence, silence, silence, refusal, refusal]) {
      changes.push((await record(outcome(await silent()))).changes);
    }
    expect(changes).toEqual([null, null, { ...nothing, circuitsOpened: 1 }, null, { ...nothing, circuitsClosed: 1 }, null]);
  });

  test('is reported once when the webhook is disabled, with the reason', async () => {
    const other = await log.addDelivery();
    const claims = [await log.claim(id), await log.claim(other)];
    await log.pool.query("UPDATE webhooks SET failing_since = now() - interval '30 days' WHERE id = 'wh_one'");
    const [failing, gone] = claims as [ClaimedDelivery, ClaimedDelivery];
    const { changes } = await record(exhaustion(failing), answered(gone, 410, { status: 'failed' }));
    expect(changes).toEqual({ ...nothing, disabledFailing: 1, disabledGone: 1 });
  });

  test('is reported only as disabled when the webhook is disabled with its circuit open', async () => {
    for (let count = 0; count < 3; count += 1) await attempt(silence);
    await log.pool.query("UPDATE webhooks SET failing_since = now() - interval '30 days'");
    const { changes } = await record(refused(await silent(), { status: 'failed' }));
    expect(changes).toEqual({ ...nothing, disabledFailing: 1 });
  });
});

describe('a webhook that fails', () => {
  test('is failing since its first failed attempt, until the next success', async () => {
    await attempt(refusal);
    await log.pass(600);
    await attempt(silence);
    expect(await health()).toMatchObject({ failing_ago: 600 });
    await attempt(success);
    expect(await health()).toMatchObject({ failing_ago: null });
    await attempt(refusal);
    expect(await health()).toMatchObject({ failing_ago: 0 });
  });

  test('for too long is disabled when a delivery runs out of attempts', async () => {
    await attempt(refusal);
    await log.pass(HEALTH.disableAfterMs / 1000 - 60);
    await attempt(refusal);
    expect(await health()).toMatchObject({ enabled: true, disabled_reason: null });
    await log.pass(60);
    // A delivery with attempts left may still succeed: the webhook may have had no deliveries for days.
    await attempt(refusal);
    expect(await health()).toMatchObject({ enabled: true, disabled_reason: null });
    await attempt(exhaustion);
    expect(await health()).toMatchObject({ enabled: false, disabled_reason: 'failing', disabled_ago: 0 });
  });

  test('for too long stays enabled with a success in the same commit', async () => {
    const other = await log.addDelivery();
    await sendAllToOne();
    await log.pool.query("UPDATE webhooks SET failing_since = now() - interval '30 days'");
    await record(exhaustion(await log.claim(id)), succeeded(await log.claim(other)));
    expect(await health()).toMatchObject({ enabled: true, failing_ago: null });
  });

  test('for too long stays enabled with a success in a commit just before', async () => {
    const other = await log.addDelivery();
    await sendAllToOne();
    await log.pool.query("UPDATE webhooks SET failing_since = now() - interval '30 days'");
    const [failing, arriving] = [await log.claim(id), await log.claim(other)];
    const before = await log.pool.connect();
    await before.query('BEGIN');
    await recordAttempts(before, [succeeded(arriving)], { wakeAfterMs: 15_000, health: HEALTH });
    expect((await record(exhaustion(failing))).locked).toEqual(new Set([failing.leaseToken]));
    await before.query('COMMIT');
    before.release();
    expect((await record(exhaustion(failing))).locked).toEqual(new Set());
    expect(await health()).toMatchObject({ enabled: true, disabled_reason: null, failing_ago: 0 });
  });

  test('is unaffected by a response of its earlier URL', async () => {
    const claim = await log.claim(id);
    await log.pool.query("UPDATE webhooks SET url = 'https://example.com/moved'");
    await record(answered(claim, 410, { status: 'failed' }));
    expect(await health()).toMatchObject({ enabled: true, disabled_reason: null, failing_ago: null });
  });

  test('starts a new generation when it is disabled, so that its waiting deliveries are skipped', async () => {
    const waiting = await log.addDelivery();
    await sendAllToOne();
    await record(answered(await log.claim(id), 410, { status: 'failed' }));
    expect((await log.pool.query("SELECT generation, superseded_status FROM webhooks WHERE id = 'wh_one'")).rows).toEqual([
      { generation: 2, superseded_status: 'skipped' },
    ]);
    expect((await log.pool.query('SELECT webhook_id FROM cancellations')).rows).toEqual([{ webhook_id: 'wh_one' }]);
    const claims = await claimDeliveries(log.pool, [waiting], { leaseMs: 60_000, wakeAfterMs: 15_000 });
    expect(claims).toMatchObject([{ id: waiting, state: 'superseded' }]);
  });

  test('with 410 is disabled immediately', async () => {
    await record(answered(await log.claim(id), 410, { status: 'failed' }));
    expect(await health()).toMatchObject({ enabled: false, disabled_reason: 'gone', disabled_ago: 0 });
  });

  test('with 410 after its owner disabled it keeps no reason', async () => {
    const claim = await log.claim(id);
    await log.pool.query('UPDATE webhooks SET enabled = false');
    await record(answered(claim, 410, { status: 'failed' }));
    expect(await health()).toMatchObject({ enabled: false, disabled_reason: null, disabled_ago: null });
  });

  test('keeps the reason for which it was disabled first', async () => {
    const claim = await log.claim(id);
    await log.pool.query(
      "UPDATE webhooks SET enabled = false, disabled_reason = 'failing', disabled_at = now() - interval '1 h'",
    );
    await record(answered(claim, 410, { status: 'failed' }));
    expect(await health()).toMatchObject({ enabled: false, disabled_reason: 'failing', disabled_ago: 3600 });
  });
});

test('does not write the row of a healthy webhook', async () => {
  const version = async () => (await log.pool.query<{ xmin: string }>('SELECT xmin FROM webhooks')).rows;
  const before = await version();
  await attempt(success);
  await record(succeeded(await log.claim(id)));
  expect(await version()).toEqual(before);
});
