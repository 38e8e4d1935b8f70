import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { UNBOUNDED_SLOTS } from '../../test/model/state.js';
import { WAKE_LIMIT } from './wake-deliveries.js';

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
const PROBE_NOW = "circuit_opened_at = now(), circuit_probe_at = now() - interval '1 s'";

test.each([
  ['max_in_flight', 'an ordinary webhook', '', 7],
  ['one', 'a fifo webhook', "ordering = 'fifo'", 1],
  ['one', 'a webhook whose circuit is open', PROBE_LATER, 1],
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
  ['none while the webhook is paused', 'paused_at = now()', 0],
  ['no bound for a disabled webhook', 'enabled = false', UNBOUNDED_SLOTS],
])('free_slots: %s', async (name, changes, expected) => {
  expect(await ask('free_slots(webhooks)', name, changes)).toBe(expected);
});

test('free_slots: no bound for a deleted webhook', async () => {
  const { rows } = await log.pool.query('SELECT free_slots(NULL) AS free');
  expect(rows).toEqual([{ free: UNBOUNDED_SLOTS }]);
});

test('no bound admits at least as many as one wake takes', async () => {
  const { rows } = await log.pool.query<{ slots: number }>('SELECT unbounded_slots() AS slots');
  expect(rows).toEqual([{ slots: UNBOUNDED_SLOTS }]);
  expect(UNBOUNDED_SLOTS).toBeGreaterThanOrEqual(WAKE_LIMIT);
});
