import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { LONGEST_LEASE_S } from '../lease.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());

/** Evaluates an expression for a new webhook. */
async function ask(expression: string, id: string, changes = ''): Promise<unknown> {
  await log.addWebhook(id, { maxInFlight: 7 });
  if (changes !== '') await log.pool.query(`UPDATE webhooks SET ${changes} WHERE id = $1`, [id]);
  const { rows } = await log.pool.query<{ value: unknown }>(`SELECT ${expression} AS value FROM webhooks WHERE id = $1`, [id]);
  return rows[0]?.value;
}

const PROBE_LATER = "circuit_opened_at = now(), circuit_probe_at = now() + interval '1 min'";
const HELD = "throttled_until = now() + interval '1 min'";
const HOLD_OVER = "throttled_until = now() - interval '1 s'";
const PROBE_NOW = "circuit_opened_at = now(), circuit_probe_at = now() - interval '1 s'";

test.each([
  ['max_in_flight', 'an ordinary webhook', '', 7],
  ['one', 'a fifo webhook', "ordering = 'fifo'", 1],
  ['one', 'a webhook whose circuit is open', PROBE_LATER, 1],
  ['one', 'a webhook that is throttled, until a probe was answered', HOLD_OVER, 1],
])('slots_of is %s for %s', async (slots, webhook, changes, expected) => {
  expect(await ask('slots_of(webhooks)', `${slots} ${webhook}`, changes)).toBe(expected);
});

test.each([
  ['enabled', '', true],
  ['disabled by Tidings', "enabled = false, disabled_reason = 'failing'", true],
  ['disabled by an operator', "enabled = false, disabled_reason = 'operator'", true],
  ['disabled by its owner', 'enabled = false', false],
])('is_deliverable of a webhook that is %s', async (state, changes, expected) => {
  expect(await ask('is_deliverable(webhooks)', state, changes)).toBe(expected);
});

test.each([
  ['all slots of an idle webhook', '', 7],
  ['the one slot for a probe that is due', PROBE_NOW, 1],
  ['none while the circuit waits for its next probe', PROBE_LATER, 0],
  ['none while the webhook is held', HELD, 0],
  ['the one slot for the probe after a hold', HOLD_OVER, 1],
  ['none while the webhook is paused', 'paused_at = now()', 0],
  ['none of a disabled webhook', 'enabled = false', 0],
])('free_slots: %s', async (name, changes, expected) => {
  expect(await ask('free_slots(webhooks)', name, changes)).toBe(expected);
});

describe('free_slots of a webhook with seven slots and one delivery', () => {
  const LATER = "now() + interval '1 min'";
  test.each([
    ['that is admitted', "stage = 'admitted', wake_at = now() + interval '15 s'", 'unordered', 6],
    [
      'that is in flight',
      `stage = 'admitted', wake_at = ${LATER}, lease_token = gen_random_uuid(), leased_until = ${LATER}`,
      'unordered',
      6,
    ],
    [
      'that is cancelled and in flight',
      `stage = 'admitted', wake_at = ${LATER}, lease_token = gen_random_uuid(), leased_until = ${LATER}, ended = true`,
      'unordered',
      6,
    ],
    [
      'of an earlier generation that is in flight',
      `stage = 'admitted', wake_at = ${LATER}, lease_token = gen_random_uuid(), leased_until = ${LATER}, generation = 0`,
      'unordered',
      6,
    ],
    [
      'that is admitted with a wake time of a minute ago',
      "stage = 'admitted', wake_at = now() - interval '1 min'",
      'unordered',
      6,
    ],
    ['that is admitted with a wake time of an hour ago', "stage = 'admitted', wake_at = now() - interval '1 h'", 'unordered', 6],
    [
      'that is a retry with a wake time of an hour ago: a vacuum that is held back leaves such',
      "stage = 'admitted', priority = 1, wake_at = now() - interval '1 h'",
      'unordered',
      7,
    ],
    ['that is parked', "stage = 'parked', wake_at = NULL", 'unordered', 7],
    ['that waits for its next attempt', `stage = 'backoff', wake_at = ${LATER}`, 'unordered', 7],
    ['that is admitted (fifo)', "stage = 'admitted', wake_at = now() + interval '15 s'", 'fifo', 0],
    ['that is parked (fifo)', "stage = 'parked', wake_at = NULL", 'fifo', 1],
    [
      'that waits for its next attempt (fifo): it holds the line, not the slot',
      `stage = 'backoff', wake_at = ${LATER}`,
      'fifo',
      1,
    ],
  ])('%s', async (_, delivery, ordering, expected) => {
    await log.clear();
    await log.addDelivery('one', { maxInFlight: 7, ordering: ordering as 'fifo' | 'unordered' });
    await log.pool.query(`UPDATE pending_deliveries SET ${delivery}`);
    const { rows } = await log.pool.query('SELECT free_slots(webhooks) AS free FROM webhooks');
    expect(rows).toEqual([{ free: expected }]);
  });

  test('is never negative', async () => {
    await log.clear();
    await log.addDeliveries(5, { maxInFlight: 5 });
    await log.pool.query('UPDATE webhooks SET max_in_flight = 2');
    expect((await log.pool.query('SELECT free_slots(webhooks) AS free FROM webhooks')).rows).toEqual([{ free: 0 }]);
  });

  test('is none while all deliveries are paused', async () => {
    await log.clear();
    await log.addWebhook('one');
    await log.pool.query('UPDATE delivery_pause SET paused_at = now()');
    expect((await log.pool.query('SELECT free_slots(webhooks) AS free FROM webhooks')).rows).toEqual([{ free: 0 }]);
  });
});

test.each([
  ['closed', '', false],
  ['open, with a probe later', PROBE_LATER, true],
  ['open, with a probe due', PROBE_NOW, false],
  [
    'open, with a probe in five minutes, the longest wait',
    "circuit_opened_at = now(), circuit_probe_at = now() + interval '5 min'",
    true,
  ],
  [
    'open, with a probe in ten years, by a clock that was ahead',
    "circuit_opened_at = now(), circuit_probe_at = now() + interval '10 years'",
    false,
  ],
  ['closed, and that is held', HELD, true],
  ['closed, and that is held for an hour, the longest hold', "throttled_until = now() + interval '1 h'", true],
  ['closed, and that is held for a day, by a clock that was ahead', "throttled_until = now() + interval '1 day'", false],
  ['closed, after a hold', HOLD_OVER, false],
])('waits_for_probe of a webhook whose circuit is %s', async (circuit, changes, expected) => {
  // Both times of one transaction.
  await log.addWebhook(circuit);
  const client = await log.pool.connect();
  await client.query('BEGIN');
  if (changes !== '') await client.query(`UPDATE webhooks SET ${changes} WHERE id = $1`, [circuit]);
  const { rows } = await client.query('SELECT waits_for_probe(webhooks, now()) AS waits FROM webhooks WHERE id = $1', [circuit]);
  await client.query('ROLLBACK');
  client.release();
  expect(rows).toEqual([{ waits: expected }]);
});

test('longest_lease is LONGEST_LEASE_S', async () => {
  const { rows } = await log.pool.query('SELECT extract(epoch FROM longest_lease())::int AS seconds');
  expect(rows).toEqual([{ seconds: LONGEST_LEASE_S }]);
});
