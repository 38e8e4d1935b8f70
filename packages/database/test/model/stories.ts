import type { HealthRules } from '../../src/sql/record-attempts.js';
import { accept } from './accept.js';
import { admitNext, admitOf, backlogged, wake } from './admission.js';
import { claim } from './claim.js';
import type { Answer } from './health.js';
import { record, type ModelRecord } from './record.js';
import type { Rules } from './rules.js';
import { emptyState, isLeased, type State } from './state.js';

const LEASE_MS = 60_000;
const WAKE_AFTER_MS = 15_000;
const ACCEPT = { wakeAfterMs: WAKE_AFTER_MS, expandBeyond: 100 };
const CLAIM = { leaseMs: LEASE_MS, wakeAfterMs: WAKE_AFTER_MS };
const HEALTH: HealthRules = { circuitAfter: 3, probeAfterMs: 30_000, probeAtMostMs: 300_000, disableAfterMs: 5 * 86_400_000 };

/** Claims these deliveries, and parked ones of a webhook, and records the answer to each. */
function attempt(
  before: State,
  ids: readonly string[],
  rules: Rules,
  { next, answer = 204, outcome = { status: 'succeeded' } }: { next?: string; answer?: Answer; outcome?: ModelRecord['outcome'] },
): { state: State; attempted: string[] } {
  const ofNext = next === undefined ? [] : [{ webhookId: next, count: 1 }];
  const { state, claims } = claim(before, ids, { ...CLAIM, next: ofNext }, rules);
  const records = claims.flatMap((one) =>
    one.state === 'claimed' ? [{ ...one, answer, throttle: null, counted: true, outcome }] : [],
  );
  const recorded = record(state, records, { wakeAfterMs: WAKE_AFTER_MS, health: HEALTH }, rules);
  return { state: recorded.state, attempted: records.map(({ id }) => id) };
}

/**
 * Admits from these backlogs, whose webhooks get as many new events as are delivered. Returns the webhooks that had no turn
 * after as many calls as there are webhooks, and calls that admitted too many.
 */
export function judgeAdmission(backlogs: readonly number[], deliveries: number, perWebhook: number, rules: Rules): string[] {
  const ids = backlogs.map((_, index) => `webhook ${String(index).padStart(3, '0')}`);
  let state = emptyState(ids.map((id) => ({ id, maxInFlight: 3 })));
  const publish = (to: readonly string[]) => {
    ({ state } = accept(state, to, { ...ACCEPT, admitMax: 0 }, rules));
  };
  publish(ids.flatMap((id, index) => Array.from({ length: backlogs[index] ?? 0 }, () => id)));
  const waiting = new Set(backlogged(state));
  const found: string[] = [];
  let after = '';
  for (const call of ids) {
    const { admitted, cursor, ...next } = admitNext(state, { after, deliveries, perWebhook, wakeAfterMs: WAKE_AFTER_MS }, rules);
    ({ state } = next);
    const webhookIds = admitted.map(({ id }) => state.deliveries.get(id)?.webhookId ?? '');
    const most = Math.max(0, ...webhookIds.map((id) => webhookIds.filter((one) => one === id).length));
    if (admitted.length >= deliveries + perWebhook || most > perWebhook)
      found.push(`admission: too many were admitted at ${call}.`);
    for (const id of webhookIds) waiting.delete(id);
    const { attempted, ...delivered } = attempt(
      state,
      admitted.map(({ id }) => id),
      rules,
      {},
    );
    ({ state } = delivered);
    publish(attempted.map((id) => state.deliveries.get(id)?.webhookId ?? ''));
    after = cursor ?? '';
  }
  return [...found, ...[...waiting].map((id) => `admission: ${id} had no turn.`)];
}

/**
 * Lets a retry wait in the line of a webhook that gets a new event for each one that it delivers. Returns the time until the
 * retry is claimed, in milliseconds; at most `forMs`.
 */
export function timeUntilRetried(backlog: number, requestMs: number, forMs: number, rules: Rules): number {
  const to = (count: number) => Array.from({ length: count }, () => 'busy');
  let { state } = accept(emptyState([{ id: 'busy', maxInFlight: 1 }]), to(1), ACCEPT, rules);
  const [retried = ''] = state.deliveries.keys();
  const failed = { answer: 500 as const, outcome: { status: 'pending' as const, retryInMs: 0 } };
  ({ state } = attempt(state, [retried], rules, failed));
  ({ state } = accept(state, to(backlog), ACCEPT, rules));
  const [, first = ''] = state.deliveries.keys();
  // It is parked, because the one slot is taken.
  ({ state } = claim(state, [first, retried], CLAIM, { ...rules, lineAges: true }));
  const token = state.pending.get(first)?.leaseToken ?? 0;
  const succeeded = [
    {
      id: first,
      token,
      answer: 204 as const,
      throttle: null,
      slowDowns: 0,
      counted: true,
      outcome: { status: 'succeeded' as const },
    },
  ];
  ({ state } = record(state, succeeded, { wakeAfterMs: WAKE_AFTER_MS, health: HEALTH }, rules));
  const since = state.now;
  while (state.now < since + forMs) {
    ({ state } = accept(state, to(1), { ...ACCEPT, admitMax: 0 }, rules));
    const { attempted, ...next } = attempt(state, [], rules, { next: 'busy' });
    if (attempted.includes(retried)) break;
    state = { ...next.state, now: next.state.now + requestMs };
  }
  return state.now - since;
}

/**
 * Sets the clock back by `byMs`, when a webhook has a rate limit that is used up or an open circuit, a worker has crashed, and
 * events wait. Returns the deliveries that are still pending after `forMs`.
 */
export function waitingAfterClockStep(events: number, unanswered: number, byMs: number, forMs: number, rules: Rules): string[] {
  let state = emptyState([{ id: 'paced', maxInFlight: 2, rateLimit: 2 }], 86_400_000);
  const publish = (count: number) => {
    ({ state } = accept(
      state,
      Array.from({ length: count }, () => 'paced'),
      ACCEPT,
      rules,
    ));
  };
  for (let count = 0; count < unanswered; count += 1) {
    publish(1);
    const ids = [...state.pending.keys()];
    ({ state } = attempt(state, ids, rules, { answer: null, outcome: { status: 'failed' } }));
    state = { ...state, now: state.now + 1000 };
  }
  publish(events);
  // The worker of the first one crashes.
  ({ state } = claim(state, [...state.pending.keys()].slice(0, 1), CLAIM, rules));
  state = { ...state, now: state.now - byMs };
  publish(1);
  for (
    const until = state.now + forMs;
    state.now < until && state.pending.size > 0;
    state = { ...state, now: state.now + 1000 }
  ) {
    ({ state } = wake(state, WAKE_AFTER_MS, null, rules));
    ({ state } = admitOf(state, backlogged(state), WAKE_AFTER_MS, rules));
    // Redis has lost the jobs from before, and gets those that are woken.
    const admitted = [...state.pending.values()].filter((row) => row.stage === 'admitted' && !isLeased(row, state.now));
    const due = admitted.filter(({ wakeAt }) => wakeAt !== null && wakeAt <= state.now + WAKE_AFTER_MS);
    ({ state } = attempt(
      state,
      due.map(({ id }) => id),
      rules,
      {},
    ));
  }
  return [...state.pending.keys()];
}
