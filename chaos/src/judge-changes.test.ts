import { describe, expect, test } from '@jest/globals';
import { startHistory } from './history.js';
import {
  judgeChanges,
  type ChangedWebhook,
  type ChangesEvidence,
  type LoggedAttempt,
  type LoggedChange,
} from './judge-changes.js';
import { createLedger, type Arrival } from './ledger.js';

const UNDER_WAY_MS = 1000;
const END_MS = 100_000;

/** A run in which the webhook of alice is registered from 0 to 1 ms, and no event is published. */
function run(settings: Partial<ChangedWebhook> = {}) {
  const ledger = createLedger();
  const webhook: ChangedWebhook = {
    id: 'wh_a',
    owner: 'alice',
    enabled: [...startHistory(false), { value: true, fromMs: 0, untilMs: 1 }],
    paused: startHistory(false),
    types: startHistory<readonly string[]>(['*']),
    ordering: startHistory<'unordered' | 'fifo'>('unordered'),
    maxInFlight: startHistory(2),
    path: startHistory('/a'),
    rateLimit: null,
    ...settings,
  };
  const deliveries: LoggedChange[] = [];
  const attempts: LoggedAttempt[] = [];
  const evidence: ChangesEvidence = {
    ledger,
    webhooks: [webhook],
    deliveries,
    attempts,
    leases: [],
    endMs: END_MS,
    leaseMs: 4000,
    underWayMs: UNDER_WAY_MS,
  };
  let position = 0;
  return {
    evidence,
    webhook,
    /** An event that was published, accepted 5 ms later, written to the log, and that has not arrived. */
    publish(event: string, atMs: number, more: Partial<LoggedChange> = {}) {
      position += 1;
      ledger.events.set(event, {
        id: event,
        type: 'sync.failed',
        owner: 'alice',
        publication: 'accepted',
        atMs,
        acceptedByMs: atMs + 5,
      });
      deliveries.push({ event, webhook: 'wh_a', position, status: 'succeeded', isReplay: false, ...more });
    },
    /** A request of 10 ms that was recorded. */
    arrive(event: string, atMs: number, more: Partial<Arrival> = {}, attempt: Partial<LoggedAttempt> | null = {}) {
      const number = ledger.arrivals.filter((arrival) => arrival.event === event).length + 1;
      ledger.arrivals.push({
        webhook: 'wh_a',
        event,
        attempt: number,
        atMs,
        signature: 'valid',
        bodyHash: event,
        status: 200,
        answeredAtMs: atMs + 10,
        path: '/a',
        endedAtMs: atMs + 10,
        ...more,
      });
      if (attempt)
        attempts.push({
          event,
          webhook: 'wh_a',
          number,
          startedAtMs: atMs,
          durationMs: 10,
          isReplay: false,
          isAnswered: true,
          ...attempt,
        });
    },
    violations: () => judgeChanges(evidence).violations.join('; '),
  };
}

/** Events that arrived at these times, published 10 ms before. */
function arrivals(settings: Partial<ChangedWebhook>, times: readonly number[], more: Partial<Arrival> = {}) {
  const made = run(settings);
  times.forEach((atMs, index) => {
    made.publish(`e${String(index)}`, atMs - 10);
    made.arrive(`e${String(index)}`, atMs, more);
  });
  return made;
}

test('accepts events that arrived once', () => {
  expect(arrivals({}, [100, 200, 300]).violations()).toBe('');
});

describe('deliveries', () => {
  test('are lost when an event never arrived at a webhook that was enabled throughout', () => {
    const made = run();
    made.publish('e1', 100, { status: 'pending' });
    expect(made.violations()).toMatch(/1 lost/);
  });

  test('need not arrive when the webhook was disabled later, but must be in the log', () => {
    const made = run();
    made.webhook.enabled.push({ value: false, fromMs: 200, untilMs: 210 });
    made.publish('e1', 100, { status: 'cancelled' });
    expect(made.violations()).toBe('');
    made.publish('e2', 150);
    (made.evidence.deliveries as LoggedChange[]).pop();
    expect(made.violations()).toMatch(/1 without exactly one delivery in the log: e2/);
  });

  test('are not cancelled at a webhook that was never disabled', () => {
    const made = run();
    made.publish('e1', 100, { status: 'cancelled' });
    made.arrive('e1', 110);
    expect(made.violations()).toMatch(/1 with a status in the log that contradicts/);
  });

  test('exist once', () => {
    const made = arrivals({}, [100]);
    (made.evidence.deliveries as LoggedChange[]).push({
      event: 'e0',
      webhook: 'wh_a',
      position: 1,
      status: 'succeeded',
      isReplay: false,
    });
    expect(made.violations()).toMatch(/1 without exactly one delivery/);
  });

  test('are unexpected for an event of another type, of a rolled-back transaction, or while the webhook was disabled', () => {
    const otherType = arrivals({ types: startHistory<readonly string[]>(['gaps.*']) }, [100]);
    expect(otherType.violations()).toMatch(/1 unexpected/);
    const withdrawn = arrivals({}, [100]);
    for (const event of withdrawn.evidence.ledger.events.values()) event.publication = 'withdrawn';
    expect(withdrawn.violations()).toMatch(/1 unexpected/);
    const disabled = arrivals({}, [5000]);
    disabled.webhook.enabled.push({ value: false, fromMs: 200, untilMs: 210 }, { value: true, fromMs: 4999, untilMs: 5050 });
    expect(disabled.violations()).toMatch(/1 unexpected/);
  });
});

describe('requests', () => {
  test.each(['enabled', 'paused'] as const)('must not begin after an acknowledged change of `%s`', (setting) => {
    const at = (atMs: number): string => {
      const made = arrivals({}, [atMs]);
      made.webhook[setting].push({ value: setting === 'paused', fromMs: 200, untilMs: 210 });
      for (const event of made.evidence.ledger.events.values()) Object.assign(event, { atMs: 100, acceptedByMs: 105 });
      return made.violations();
    };
    expect(at(150)).toBe('');
    expect(at(500)).toBe('');
    expect(at(1300)).toMatch(/1 requests after an acknowledged disable/);
  });

  test('that follow a pause at once must not be more than can have been under way', () => {
    const made = arrivals({ paused: [...startHistory(false), { value: true, fromMs: 90, untilMs: 95 }] }, [100, 120, 140]);
    expect(made.violations()).toMatch(/1 requests after an acknowledged disable, delete or pause: e2/);
  });

  test('are not made for an event of before the webhook was disabled, except as a replay', () => {
    const made = arrivals({}, [5000]);
    made.webhook.enabled.push({ value: false, fromMs: 200, untilMs: 210 }, { value: true, fromMs: 300, untilMs: 310 });
    expect(made.violations()).toBe('');
    for (const event of made.evidence.ledger.events.values()) Object.assign(event, { atMs: 100, acceptedByMs: 105 });
    expect(made.violations()).toMatch(/1 requests for an event of before the webhook was disabled: e0/);
    (made.evidence.deliveries[0] as LoggedChange).isReplay = true;
    expect(made.violations()).toBe('');
  });

  test('under way at once are at most max_in_flight, or 1 at a fifo webhook', () => {
    expect(arrivals({}, [100, 105]).violations()).toBe('');
    expect(arrivals({}, [100, 105, 109]).violations()).toMatch(/1 requests beyond max_in_flight: e2/);
    expect(arrivals({ ordering: startHistory<'unordered' | 'fifo'>('fifo') }, [100, 105]).violations()).toMatch(
      /1 requests beyond/,
    );
  });

  test('of one delivery follow each other', () => {
    const made = arrivals({}, [100]);
    made.arrive('e0', 110);
    expect(made.violations()).toBe('');
    made.arrive('e0', 115);
    expect(made.violations()).toMatch(/1 with two requests at once: e0/);
  });

  test('are in the log as attempts, unless a crash interrupted them', () => {
    const made = arrivals({}, [100]);
    made.arrive('e0', 5000, {}, null);
    expect(made.violations()).toMatch(/1 requests without an attempt in the log/);
    made.evidence.ledger.faults.push({ name: 'crash', fromMs: 200, untilMs: 200, interrupts: 20, perDelivery: 1 });
    expect(made.violations()).toBe('');
    (made.evidence.attempts as LoggedAttempt[]).push(
      ...[2, 3].map((number) => ({
        event: 'e0',
        webhook: 'wh_a',
        number,
        startedAtMs: 1,
        durationMs: 10,
        isReplay: false,
        isAnswered: true,
      })),
    );
    expect(made.violations()).toMatch(/1 answered attempts without a request/);
  });

  test('that a worker gave up before they arrived are late, and are not judged by their time', () => {
    const made = arrivals({ maxInFlight: startHistory(1) }, [5000]);
    made.publish('late', 1000);
    made.arrive('late', 5002, {}, { startedAtMs: 2000, durationMs: 2000, isAnswered: false });
    expect(made.violations()).toBe('');
    expect(judgeChanges(made.evidence).counts.late).toBe(1);
    made.arrive('late', 5004);
    expect(made.violations()).toMatch(/requests beyond max_in_flight: late/);
  });

  test('to fifo webhooks arrive in the order of the log, except replays', () => {
    const fifo = { ordering: startHistory<'unordered' | 'fifo'>('fifo') };
    const inOrder = (attempt: Partial<LoggedAttempt>): string => {
      const made = run(fifo);
      made.publish('e1', 100);
      made.publish('e2', 101);
      made.arrive('e2', 110);
      made.arrive('e1', 130, {}, attempt);
      return made.violations();
    };
    expect(inOrder({})).toMatch(/1 first requests out of order at fifo webhooks: e1/);
    expect(inOrder({ isReplay: true })).toBe('');
  });

  test('go to the newest URL, with a valid signature', () => {
    const moved = { path: [...startHistory('/a'), { value: '/b', fromMs: 50, untilMs: 60 }] };
    expect(arrivals(moved, [500]).violations()).toBe('');
    expect(arrivals(moved, [1500]).violations()).toMatch(/1 requests to an earlier URL/);
    expect(arrivals({}, [100], { signature: 'wrong' }).violations()).toMatch(/1 with a wrong signature/);
  });

  test('keep to the rate limit', () => {
    const times = (everyMs: number): number[] => Array.from({ length: 60 }, (_, index) => 100 + index * everyMs);
    expect(arrivals({ rateLimit: 10 }, times(100)).violations()).toBe('');
    expect(arrivals({ rateLimit: 10 }, times(50)).violations()).toMatch(/attempts beyond the rate limit/);
  });
});

test('leases are at most max_in_flight', () => {
  const made = run();
  const withLeases = (leases: number): string =>
    judgeChanges({ ...made.evidence, leases: [{ webhook: 'wh_a', atMs: 5000, leases }] }).violations.join();
  expect(withLeases(2)).toBe('');
  expect(withLeases(3)).toMatch(/1 moments with more leases than max_in_flight: 3 of wh_a/);
});
