import { setTimeout as wait } from 'node:timers/promises';
import type { Reply } from '../generator.js';
import { lockTable } from '../nemesis/postgres.js';
import type { Scenario } from '../scenario.js';
import { CONCURRENCY, startSystem, type System } from '../system.js';

/** The fewest connections that an API can have: one to accept events, one to read, and one for registrations. */
const POOL_SIZE = 3;
/**
 * The longest time to an answer: a caller may wait behind another one that waits for a connection or a lock (2 s each), and
 * then wait itself.
 */
const ANSWER_LIMIT_MS = 6000;
/** Less than any wait for a connection or a lock. */
const ISOLATED_LIMIT_MS = 1500;
const HOLD_S = 12;
/** Between two registrations, in case that the API refuses them at once. */
const PAUSE_MS = 50;

interface LockedTable {
  name: string;
  table: 'webhooks' | 'events';
  /** Whether registrations wait for the lock, with all connections that they may use, and publishing does not need it. */
  isIsolated: boolean;
}
const LOCKED_TABLES: readonly LockedTable[] = [
  { name: 'registrations wait for a lock', table: 'webhooks', isIsolated: true },
  { name: 'the log is locked', table: 'events', isIsolated: false },
];

export const poolExhausted: Scenario = {
  name: 'pool-exhausted',
  description:
    'registrations take all connections that they may use, and publishing continues; then publishing waits for a lock: 503 within 6 s, and never a false 202',
  async run(context) {
    const system = await startSystem(context, { apis: [{ DATABASE_POOL: String(POOL_SIZE) }] });
    const load = system.startLoad();
    const notes: string[] = [];
    const violations: string[] = [];

    for (const { name, table, isIsolated } of LOCKED_TABLES) {
      await wait(2000);
      const release = await lockTable(system.databaseUrl, table, context.cleanup);
      // Claiming and recording need their webhook's row, so workers can do neither while the table is locked.
      const interrupts = table === 'webhooks' ? CONCURRENCY * system.processes.workers.length : 0;
      const endFault = system.startFault({ name, interrupts });
      const stopRegistering = isIsolated ? keepRegistering(system) : undefined;
      await wait(500);
      const before = system.publisher.replies.length;
      await wait(context.seconds(HOLD_S) * 1000);
      const replies = system.publisher.replies.slice(before);
      notes.push(`${name}: ${describe(replies)}`);
      const found = isIsolated ? isolationViolationsIn(replies) : violationsIn(replies);
      violations.push(...found.map((violation) => `${name}: ${violation}`));
      const registrationsEnded = stopRegistering?.();
      await release();
      endFault();
      await registrationsEnded;
    }
    await wait(1000);
    await load.stop();
    const verdict = await system.drainAndJudge();
    return { ...verdict, notes, violations: [...violations, ...verdict.violations] };
  },
};

/** Sends more registrations at a time than the API has connections. Returns a function that sends no more and awaits the last answers. */
function keepRegistering(system: System): () => Promise<unknown> {
  let isStopped = false;
  const registrations = Array.from({ length: POOL_SIZE + 1 }, async (_, index) => {
    while (!isStopped) {
      await register(system, index);
      await wait(PAUSE_MS);
    }
  });
  return () => {
    isStopped = true;
    return Promise.all(registrations);
  };
}

/** Registers a disabled webhook: the request holds a connection while the table is locked. */
async function register({ processes, receivers }: System, index: number): Promise<void> {
  await fetch(`${processes.url()}/api/webhooks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${processes.token(`nobody-${String(index)}`)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: `http://127.0.0.1:${String(receivers.port)}/`, enabled: false }),
  }).catch(() => undefined);
}

/** Checks answers to publish requests that need no connection and no lock of the registrations. */
function isolationViolationsIn(replies: readonly Reply[]): string[] {
  const slow = replies.filter(({ tookMs }) => tookMs > ISOLATED_LIMIT_MS).length;
  const refused = replies.filter(({ status }) => status !== 200 && status !== 202).length;
  return [
    ...(replies.length === 0 ? ['no publish request was answered'] : []),
    ...(slow > 0 ? [`${String(slow)} answers took longer than ${String(ISOLATED_LIMIT_MS)} ms`] : []),
    ...(refused > 0 ? [`${String(refused)} answers were no success`] : []),
  ];
}

/** Checks answers to publish requests. It does not check the successes: the judge counts a false one as lost. */
function violationsIn(replies: readonly Reply[]): string[] {
  const slow = replies.filter(({ tookMs }) => tookMs > ANSWER_LIMIT_MS).length;
  const other = replies.filter(({ status }) => ![200, 202, 503].includes(status ?? 0)).length;
  return [
    ...(replies.length === 0 ? ['no publish request was answered'] : []),
    ...(slow > 0 ? [`${String(slow)} answers took longer than ${String(ANSWER_LIMIT_MS)} ms`] : []),
    ...(other > 0 ? [`${String(other)} answers were neither 503 nor a success`] : []),
  ];
}

function describe(replies: readonly Reply[]): string {
  const statuses = [...new Set(replies.map(({ status }) => status ?? 'none'))].join(', ') || 'none';
  const slowest = Math.round(Math.max(0, ...replies.map(({ tookMs }) => tookMs)));
  return `${String(replies.length)} answers to publish requests (${statuses}), the slowest after ${String(slowest)} ms`;
}
