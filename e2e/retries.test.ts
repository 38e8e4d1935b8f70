import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { extractionStarted, syncFailed } from '@tidings/events';
import { startReceiver } from './harness/receiver.js';
import { NEVER } from './harness/signal.js';
import { startTidings, type Tidings } from './harness/tidings.js';

const TIMEOUT_MS = 3000;
/** The delays of one webhook: so long that no latency of a busy machine is as long as the difference of two delays. */
const INITIAL_DELAY_MS = 2000;
const JITTER = 0.05;
/** For the difference of two clocks, and the time from a response to its commit. */
const TOLERANCE_MS = 50;

let tidings: Tidings;
beforeAll(async () => {
  tidings = await startTidings({
    env: {
      DELIVERY_INITIAL_DELAY_MS: '300',
      DELIVERY_JITTER: String(JITTER),
      DELIVERY_TIMEOUT_MS: String(TIMEOUT_MS),
    },
  });
});
afterAll(() => tidings.stop());

test('sends an event again after failures, with growing delays and the same body', async () => {
  const alice = tidings.asUser('alice');
  const service = tidings.asUser('service', 'events:publish');
  const receiver = await startReceiver((attempt) => (attempt < 3 ? 503 : 204));
  const webhook = await alice.register(receiver, {
    event_types: ['sync.failed'],
    retry: { initial_delay_ms: INITIAL_DELAY_MS },
  });
  // JSON allows several encodings of these characters: each attempt must send the same bytes.
  const data = { user_id: 'alice', error_message: 'Ünï → "cödé" 🎵 \u2028 </script> \\' };
  const eventId = await service.publish(syncFailed(data));

  const [delivery] = await alice.waitForDeliveries(webhook, 1);
  expect(delivery).toMatchObject({
    event_id: eventId,
    status: 'succeeded',
    attempt_count: 3,
    attempts: [
      { number: 1, status_code: 503, error_class: 'http_status', response_body: 'thanks' },
      { number: 2, status_code: 503, error_class: 'http_status', response_body: 'thanks' },
      { number: 3, status_code: 204, error_class: null },
    ],
  });
  expect(receiver.counts()).toEqual({ [eventId]: 3 });

  const [first, second, third] = await receiver.waitFor(3);
  if (!first || !second || !third) throw new Error('Three requests were expected.');
  expect(second.body.equals(first.body)).toBe(true);
  expect(third.body.equals(first.body)).toBe(true);

  const verifier = new Webhook(webhook.secret);
  for (const { body, headers } of [first, second, third]) expect(verifier.verify(body, headers)).toMatchObject({ data });
  const [earlier, later] = [first, third].map(({ headers }) => Number(headers['webhook-timestamp']));
  expect(later).toBeGreaterThan(earlier ?? 0);
  // Each attempt is signed with its own timestamp.
  const mixed = { ...third.headers, 'webhook-timestamp': first.headers['webhook-timestamp'] ?? '' };
  expect(() => verifier.verify(third.body, mixed)).toThrow('No matching signature found');

  const [gap, nextGap] = [second.atMs - first.atMs, third.atMs - second.atMs];
  expect(gap).toBeGreaterThan(INITIAL_DELAY_MS * (1 - JITTER) - TOLERANCE_MS);
  expect(nextGap).toBeGreaterThan(2 * INITIAL_DELAY_MS * (1 - JITTER) - TOLERANCE_MS);
  expect(nextGap).toBeGreaterThan(gap);
});

test('fails a delivery after three attempts, and logs the reason of each', async () => {
  const broken = await startReceiver(() => 500);
  const hanging = await startReceiver(() => NEVER);
  const refusing = await startReceiver();
  await refusing.stop();
  const redirecting = await startReceiver(() => 302);
  const owners = await Promise.all(
    [broken, hanging, refusing, redirecting].map(async (receiver, index) => {
      const user = tidings.asUser(`owner-${String(index)}`);
      return { user, webhook: await user.register(receiver) };
    }),
  );
  const service = tidings.asUser('service', 'events:publish');
  const eventId = await service.publish(extractionStarted({ version: '1', entity_types: ['artists'] }));

  const logs = await Promise.all(owners.map(({ user, webhook }) => user.waitForDeliveries(webhook, 1, 60_000)));
  for (const log of logs) expect(log).toMatchObject([{ event_id: eventId, status: 'failed', attempt_count: 3 }]);
  const attempts = logs.map(([delivery]) =>
    delivery?.attempts.map(({ number, status_code, error_class }) => [number, status_code, error_class]),
  );
  const thrice = (status: number | null, errorClass: string) => [1, 2, 3].map((number) => [number, status, errorClass]);
  expect(attempts).toEqual([
    thrice(500, 'http_status'),
    thrice(null, 'timeout'),
    thrice(null, 'connect'),
    thrice(302, 'http_status'),
  ]);
  for (const { duration_ms } of logs[1]?.[0]?.attempts ?? []) expect(duration_ms).toBeGreaterThanOrEqual(TIMEOUT_MS - 10);
  expect([broken, hanging, refusing, redirecting].map(({ counts }) => counts())).toEqual([
    { [eventId]: 3 },
    { [eventId]: 3 },
    {},
    { [eventId]: 3 },
  ]);
});
