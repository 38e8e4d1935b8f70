import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { countReplays, noteReplay } from './replay-pace.js';
import { deleteWebhook, updateWebhook, type WebhookFields } from './update-webhook.js';
import { readEndpoint } from './read-endpoint.js';
import {
  postponeVerifications,
  recordVerification,
  releaseUnverified,
  requestVerification,
  takeUnverified,
  VERIFICATION_ATTEMPTS,
} from './verify-webhooks.js';

const URL = 'https://example.com/';
const ERROR = { class: 'http_status', sentence: 'The response had the status 404.' };

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const change = (fields: WebhookFields, id = 'wh_hook') =>
  updateWebhook(log.pool, { id, actor: { id: 'alice', kind: 'owner' }, fields });
const addUnverified = async (id = 'wh_hook') => {
  await log.addWebhook(id);
  await change({ url: URL, unverifiedSince: new Date() }, id);
};
const take = async () => (await takeUnverified(log.pool)).map(({ webhookId, attempt }) => [webhookId, attempt]);
const row = async (id = 'wh_hook') => {
  const { rows } = await log.pool.query<Record<string, unknown>>(
    `SELECT unverified_since IS NOT NULL AS waits, verified_at IS NOT NULL AS verified, verification_failed_at IS NOT NULL AS failed,
      verification_error_class AS class, verification_error AS error FROM webhooks WHERE id = $1`,
    [id],
  );
  return rows[0];
};
/** Seconds until the next challenge; null: there is none. */
const nextIn = async () => {
  const { rows } = await log.pool.query<{ seconds: number | null }>(
    'SELECT round(extract(epoch FROM next_at - now()))::float8 AS seconds FROM verifications',
  );
  return rows.map(({ seconds }) => seconds);
};
const makeDue = () => log.pool.query('UPDATE verifications SET next_at = now() WHERE next_at IS NOT NULL');

describe('a webhook whose URL is to be verified', () => {
  test('is taken at once, by one worker, with all that a challenge needs', async () => {
    await log.addWebhook('wh_other');
    await addUnverified();
    const [taken, ...more] = await takeUnverified(log.pool);
    expect(taken).toMatchObject({ webhookId: 'wh_hook', url: URL, attempt: 1, sealedHeaders: null });
    expect(taken?.sealedSecret).toBeInstanceOf(Buffer);
    expect(Math.abs(Date.now() / 1000 - (taken?.claimedAt ?? 0))).toBeLessThan(60);
    expect(more).toEqual([]);
    expect(await take()).toEqual([]);
  });

  test('is challenged again after ever longer waits, and no more after the last attempt', async () => {
    await addUnverified();
    const waits: (number | null)[] = [];
    for (let attempt = 1; attempt <= VERIFICATION_ATTEMPTS; attempt += 1) {
      expect(await take()).toEqual([['wh_hook', attempt]]);
      waits.push(...(await nextIn()));
      await makeDue();
    }
    expect(waits.slice(0, 4)).toEqual([10, 20, 40, 80]);
    expect(waits.slice(-3)).toEqual([3600, 3600, null]);
    expect(await take()).toEqual([]);
  });

  test('is challenged when its owner asks, from the first attempt on', async () => {
    await addUnverified();
    for (let attempt = 1; attempt <= VERIFICATION_ATTEMPTS; attempt += 1) {
      await take();
      await makeDue();
    }
    expect(await requestVerification(log.pool, 'mallory', 'wh_hook')).toBe(false);
    expect(await take()).toEqual([]);
    expect(await requestVerification(log.pool, 'alice', 'wh_hook')).toBe(true);
    expect(await take()).toEqual([['wh_hook', 1]]);
  });

  test('that was taken and not challenged is taken again, and the attempt does not count', async () => {
    await addUnverified();
    await take();
    await postponeVerifications(log.pool, ['wh_hook'], 0);
    expect(await take()).toEqual([['wh_hook', 1]]);
  });

  test('gets no challenge while it is disabled, and one as soon as it is enabled', async () => {
    await addUnverified();
    await change({ enabled: false });
    expect(await take()).toEqual([]);
    await change({ enabled: true });
    expect(await take()).toEqual([['wh_hook', 1]]);
  });

  test('is challenged anew when its URL changes', async () => {
    await addUnverified();
    await take();
    await change({ url: 'https://example.com/new', unverifiedSince: new Date(Date.now() + 5) });
    expect(await take()).toEqual([['wh_hook', 1]]);
  });

  test('and is deleted is not challenged any more', async () => {
    await addUnverified();
    await deleteWebhook(log.pool, 'alice', 'wh_hook');
    expect(await take()).toEqual([]);
    expect(await nextIn()).toEqual([]);
  });
});

describe('the result of a challenge', () => {
  test('that was answered ends the wait, and the audit log says so', async () => {
    await addUnverified();
    await recordVerification(log.pool, { webhookId: 'wh_hook', url: URL, error: ERROR });
    expect(await recordVerification(log.pool, { webhookId: 'wh_hook', url: URL, error: null })).toBe(true);
    expect(await row()).toEqual({ waits: false, verified: true, failed: false, class: null, error: null });
    await makeDue();
    expect(await take()).toEqual([]);
    const { rows } = await log.pool.query(
      "SELECT actor, details FROM audit_log WHERE action = 'webhook.resumed' AND webhook_id = 'wh_hook'",
    );
    expect(rows).toEqual([{ actor: 'tidings', details: { paused_by: { from: ['verification'], to: [] } } }]);
  });

  test('that failed says why, and the webhook still waits', async () => {
    await addUnverified();
    expect(await recordVerification(log.pool, { webhookId: 'wh_hook', url: URL, error: ERROR })).toBe(true);
    expect(await row()).toEqual({ waits: true, verified: false, failed: true, class: ERROR.class, error: ERROR.sentence });
  });

  test('for an earlier URL counts for nothing', async () => {
    await addUnverified();
    await change({ url: 'https://victim.example/', unverifiedSince: new Date() });
    expect(await recordVerification(log.pool, { webhookId: 'wh_hook', url: URL, error: null })).toBe(false);
    expect(await row()).toMatchObject({ waits: true, verified: false });
  });

  test('leaves the pauses of the owner and of operators as they are', async () => {
    await addUnverified();
    await change({ ownerPausedAt: new Date() });
    await recordVerification(log.pool, { webhookId: 'wh_hook', url: URL, error: null });
    const { rows } = await log.pool.query('SELECT paused_by(webhooks) AS by FROM webhooks');
    expect(rows).toEqual([{ by: ['owner'] }]);
  });
});

test('webhooks that wait are released when verifications are switched off', async () => {
  await addUnverified('wh_one');
  await addUnverified('wh_two');
  await recordVerification(log.pool, { webhookId: 'wh_two', url: URL, error: ERROR });
  expect(await releaseUnverified(log.pool)).toBe(2);
  expect(await releaseUnverified(log.pool)).toBe(0);
  expect(await row('wh_two')).toEqual({ waits: false, verified: false, failed: false, class: null, error: null });
});

test('only the named webhooks are released when they alone need no verification any more', async () => {
  await addUnverified('wh_one');
  await addUnverified('wh_two');
  await log.addWebhook('wh_never');
  expect(await releaseUnverified(log.pool, ['wh_one', 'wh_never'])).toBe(1);
  expect(await row('wh_one')).toMatchObject({ waits: false, verified: false });
  expect(await row('wh_two')).toMatchObject({ waits: true });
});

test('a test cannot read the endpoint of a webhook that waits', async () => {
  await addUnverified();
  const read = async () => (await readEndpoint(log.pool, 'alice', 'wh_hook'))?.url;
  expect(await read()).toBeUndefined();
  await recordVerification(log.pool, { webhookId: 'wh_hook', url: URL, error: null });
  expect(await read()).toBe(URL);
});

test('replays count the other webhooks at their host that are being replayed', async () => {
  for (const id of ['wh_one', 'wh_two', 'wh_over']) {
    await log.addWebhook(id);
    await noteReplay(log.pool, 'victim.example', id);
  }
  await log.addWebhook('wh_elsewhere');
  await noteReplay(log.pool, 'other.example', 'wh_elsewhere');
  await log.pool.query("UPDATE replays SET until = now() - interval '1 s' WHERE webhook_id = 'wh_over'");
  expect(await countReplays(log.pool, 'victim.example', 'wh_one')).toBe(1);
  expect(await countReplays(log.pool, 'victim.example', 'wh_new')).toBe(2);
  await deleteWebhook(log.pool, 'alice', 'wh_two');
  expect(await countReplays(log.pool, 'victim.example', 'wh_one')).toBe(0);
});
