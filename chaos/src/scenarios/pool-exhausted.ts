import { setTimeout as wait } from 'node:timers/promises';
import type { Reply } from '../generator.js';
import { lockTable } from '../nemesis/postgres.js';
import type { Scenario } from '../scenario.js';
import { CONCURRENCY, startSystem, type System } from '../system.js';

const POOL_SIZE = 2;
/**
 * The longest time to an answer: a caller may wait behind another one that waits for a connection or a lock (2 s each), and
 * then wait itself.
 */
const ANSWER_LIMIT_MS = 6000;
const HOLD_S = 12;

export const poolExhausted: Scenario = {
  name: 'pool-exhausted',
  description: 'all connections of the API wait for a lock, then publishing waits for one: 503 within 6 s, and never a false 202',
  async run(context) {
    const system = await startSystem(context, { apis: [{ DATABASE_POOL: String(POOL_SIZE) }] });
    const load = system.startLoad();
    const notes: string[] = [];
    const violations: string[] = [];

    for (const [name, table] of [
      ['all connections are in use', 'webhooks'],
      ['the log is locked', 'events'],
    ] as const) {
      await wait(2000);
      const release = await lockTable(system.databaseUrl, table, context.cleanup);
      // Claiming and recording need their webhook's row, so workers can do neither while the table is locked.
      const interrupts = table === 'webhooks' ? CONCURRENCY * system.processes.workers.length : 0;
      const endFault = system.startFault({ name, interrupts });
      const registrations = table === 'webhooks' ? Array.from({ length: POOL_SIZE }, (_, index) => register(system, index)) : [];
      await wait(500);
      const before = system.publisher.replies.length;
      await wait(context.seconds(HOLD_S) * 1000);
      const replies = system.publisher.replies.slice(before);
      notes.push(`${name}: ${describe(replies)}`);
      violations.push(...violationsIn(replies).map((violation) => `${name}: ${violation}`));
      await release();
      endFault();
      await Promise.all(registrations);
    }
    await wait(1000);
    await load.stop();
    const verdict = await system.drainAndJudge();
    return { ...verdict, notes, violations: [...violations, ...verdict.violations] };
  },
};

/** Registers a disabled webhook: the request holds a connection while the table is locked. */
async function register({ processes, receivers }: System, index: number): Promise<void> {
  await fetch(`${processes.url()}/api/webhooks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${processes.token(`nobody-${String(index)}`)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: `http://127.0.0.1:${String(receivers.port)}/`, enabled: false }),
  }).catch(() => undefined);
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
