import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { HEALTH, refused, succeeded } from '../../test/attempts.js';
import { openLog, type TestLog, type WebhookOptions } from '../../test/log.js';
import { planReplay } from '../../test/plan-replay.js';
import { claimDeliveries } from './claim-deliveries.js';
import { endSuperseded } from './end-superseded.js';
import { recordAttempts } from './record-attempts.js';
import { replayDeliveries, type ReplayFilter } from './replay-deliveries.js';
import { wakeDeliveries } from './wake-deliveries.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const set = (change: string) => log.pool.query(change);
const disable = () => set('UPDATE webhooks SET enabled = false');
const enable = () => set('UPDATE webhooks SET enabled = true');
const record = async (...ids: string[]) => {
  for (const id of ids) {
    await recordAttempts(log.pool, [refused(await log.claim(id), { status: 'failed' })], { wakeAfterMs: 15_000, health: HEALTH });
  }
};
const filterOf = (webhookId: string): ReplayFilter => ({
  webhookId,
  since: new Date(0),
  until: null,
  statuses: ['failed', 'cancelled', 'skipped'],
  types: null,
});
/** Replays everything that failed, and returns how many deliveries that were. */
const replay = async (webhookId: string, perSecond = 1000) => {
  const filter = filterOf(webhookId);
  let count = 0;
  for (const chunk of await planReplay(log.pool, filter)) {
    count += (await replayDeliveries(log.pool, filter, chunk, perSecond))?.count ?? 0;
  }
  return count;
};
const failed = async (count: number, options: WebhookOptions = {}) => {
  const ids = await log.addDeliveries(count, options);
  await record(...ids);
  return { ids, webhookId: (await log.delivery(ids[0] ?? '')).webhook_id };
};

describe('replaying deliveries', () => {
  test('makes them pending again, one after the other at the given rate, in the order of the log', async () => {
    const { ids, webhookId } = await failed(3);
    expect(await replay(webhookId, 0.05)).toBe(3);
    const rows = await Promise.all(ids.map((id) => log.delivery(id)));
    expect(rows).toMatchObject(
      [0, 20, 40].map((seconds) => ({
        status: 'pending',
        stage: 'backoff',
        priority: 2,
        attempt_count: 1,
        next_attempt_in: seconds,
        wake_in: seconds,
        finished: false,
      })),
    );
    const { rows: begun } = await set('SELECT replay, prior_attempts FROM pending_deliveries');
    expect(begun).toEqual(ids.map(() => ({ replay: true, prior_attempts: 1 })));
  });

  test('comes behind an earlier replay of the webhook', async () => {
    const { webhookId } = await failed(2);
    await replay(webhookId, 0.05);
    const later = await log.addDeliveries(1);
    await set(`UPDATE deliveries SET webhook_id = '${webhookId}'; UPDATE pending_deliveries SET webhook_id = '${webhookId}'`);
    await record(...later);
    await replay(webhookId, 0.05);
    expect(await log.delivery(later[0] ?? '')).toMatchObject({ next_attempt_in: 40 });
  });

  test('leaves pending ones, and those that succeeded, alone', async () => {
    const { ids, webhookId } = await failed(1);
    const [pending = '', done = ''] = await log.addDeliveries(2);
    await set(`UPDATE deliveries SET webhook_id = '${webhookId}'; UPDATE pending_deliveries SET webhook_id = '${webhookId}'`);
    await recordAttempts(log.pool, [succeeded(await log.claim(done))], { wakeAfterMs: 15_000, health: HEALTH });
    expect(await replay(webhookId)).toBe(1);
    expect(await log.delivery(pending)).toMatchObject({ stage: 'admitted', priority: 0 });
    expect(await log.delivery(done)).toMatchObject({ status: 'succeeded' });
    expect(await log.delivery(ids[0] ?? '')).toMatchObject({ status: 'pending' });
  });

  test('belongs to the present generation of the webhook', async () => {
    const { ids, webhookId } = await failed(1);
    await disable();
    await enable();
    await replay(webhookId);
    expect(await log.claim(ids[0] ?? '')).toMatchObject({ replay: true });
  });

  test.each([
    ['disabled', 'UPDATE webhooks SET enabled = false'],
    ['deleted', 'DELETE FROM webhooks'],
  ])('does nothing when the webhook is %s', async (_, change) => {
    const { ids, webhookId } = await failed(1);
    await set(change);
    expect(await replay(webhookId)).toBe(0);
    expect(await log.delivery(ids[0] ?? '')).toMatchObject({ status: 'failed', stage: null });
  });
});

describe('replaying a delivery that was cancelled with its request under way', () => {
  let id: string;
  let token: string;
  beforeEach(async () => {
    id = await log.addDelivery('one', { ordering: 'fifo' });
    await set('UPDATE pending_deliveries SET attempt_count = 3');
    token = (await log.claim(id)).leaseToken;
    await disable();
    await endSuperseded(log.pool, [id]);
    await enable();
    expect(await replay('wh_one', 1000)).toBe(1);
  });
  const claim = () => claimDeliveries(log.pool, [id], { leaseMs: 60_000, wakeAfterMs: 15_000 });

  test('makes no second request at the same time (I4)', async () => {
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', stage: 'admitted', again: true, lease_token: token });
    expect(await claim()).toEqual([]);
  });

  test('makes it when the first is recorded, at the time that the replay gave it', async () => {
    await set("UPDATE pending_deliveries SET next_attempt_at = now() + interval '40 s'");
    const lease = { id, leaseToken: token, url: 'https://example.com/wh_one', slowDowns: 0 };
    const options = { wakeAfterMs: 15_000, health: HEALTH };
    const { held } = await recordAttempts(log.pool, [succeeded(lease)], options);
    expect(held.get(token)?.againInMs).toBeGreaterThan(30_000);
    expect(await log.delivery(id)).toMatchObject({
      stage: 'backoff',
      priority: 2,
      attempt_count: 4,
      next_attempt_in: 40,
      wake_in: 55,
    });
    await log.pass(41);
    expect(await claim()).toMatchObject([{ state: 'claimed', replay: true, attemptCount: 4, priorAttempts: 4 }]);
  });

  test('makes it with all its attempts when the first is never recorded', async () => {
    await log.pass(61);
    expect((await wakeDeliveries(log.pool, { againAfterMs: 15_000 })).admitted).toEqual([{ id, priority: 2 }]);
    expect(await claim()).toMatchObject([{ state: 'claimed', replay: true, attemptCount: 3, priorAttempts: 3 }]);
  });
});

describe('a replay of a fifo webhook', () => {
  test('that fails and waits for its next attempt holds nobody', async () => {
    const { ids, webhookId } = await failed(1, { ordering: 'fifo' });
    await replay(webhookId);
    const options = { wakeAfterMs: 15_000, health: HEALTH };
    await recordAttempts(
      log.pool,
      [refused(await log.claim(ids[0] ?? ''), { status: 'pending', retryInMs: 3_600_000 })],
      options,
    );
    await set("UPDATE webhooks SET event_types = '{*}'");
    await log.accept({ id: 'later' });
    const later = (await log.deliveries()).find(({ event_id: event }) => event === 'later');
    expect(later).toMatchObject({ stage: 'admitted' });
    expect(await log.claim(later?.id ?? '')).toMatchObject({ state: 'claimed' });
  });
});
