import { setTimeout as wait } from 'node:timers/promises';
import type { Reply } from '../generator.js';
import { holdTable } from '../nemesis/postgres.js';
import type { Scenario } from '../stage.js';
import { CONCURRENCY, startSystem, type System } from '../system.js';

const POOL = 2;
/** What "quickly" means: the time that a caller may wait behind another one that waits for a connection or a lock (2 s each), and then itself. */
const QUICK_MS = 6000;
const HOLD_S = 12;

export const poolExhausted: Scenario = {
  name: 'pool-exhausted',
  describe: 'all connections of the API wait for a lock, then publishing itself does: 503 within 6 s, and never a false 202',
  async run(stage) {
    const system = await startSystem(stage, { apis: [{ DATABASE_POOL: String(POOL) }] });
    const load = system.load();
    const notes: string[] = [];
    const violations: string[] = [];

    for (const [name, table] of [
      ['all connections are taken', 'webhooks'],
      ['the log is held', 'events'],
    ] as const) {
      await wait(2000);
      const release = await holdTable(system.databaseUrl, table, stage.cleanup);
      // Claiming and recording need their webhook's row, so for as long as these are held they do neither.
      const interrupts = table === 'webhooks' ? CONCURRENCY * system.processes.workers.length : 0;
      const over = system.fault({ name, interrupts });
      const registrations = table === 'webhooks' ? Array.from({ length: POOL }, (_, index) => register(system, index)) : [];
      await wait(500);
      const before = system.publisher.replies.length;
      await wait(stage.seconds(HOLD_S) * 1000);
      const replies = system.publisher.replies.slice(before);
      notes.push(`${name}: ${describe(replies)}`);
      violations.push(...faultsOf(replies).map((what) => `${name}: ${what}`));
      await release();
      over();
      await Promise.all(registrations);
    }
    await wait(1000);
    await load.stop();
    const verdict = await system.settle();
    return { ...verdict, notes, violations: [...violations, ...verdict.violations] };
  },
};

/** Wants to write a webhook that nothing is published for; holds a connection for as long as the table is held. */
async function register({ processes, receivers }: System, index: number): Promise<void> {
  await fetch(`${processes.url()}/api/webhooks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${processes.token(`nobody-${String(index)}`)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: `http://127.0.0.1:${String(receivers.port)}/`, enabled: false }),
  }).catch(() => undefined);
}

/** A success that is not in the log would show as a loss. */
function faultsOf(replies: readonly Reply[]): string[] {
  const slow = replies.filter(({ tookMs }) => tookMs > QUICK_MS).length;
  const other = replies.filter(({ status }) => ![200, 202, 503].includes(status ?? 0)).length;
  return [
    ...(replies.length === 0 ? ['no request to publish was answered'] : []),
    ...(slow > 0 ? [`${String(slow)} answers took longer than ${String(QUICK_MS)} ms`] : []),
    ...(other > 0 ? [`${String(other)} answers were neither 503 nor a success`] : []),
  ];
}

function describe(replies: readonly Reply[]): string {
  const statuses = [...new Set(replies.map(({ status }) => status ?? 'none'))].join(', ') || 'none';
  const slowest = Math.round(Math.max(0, ...replies.map(({ tookMs }) => tookMs)));
  return `${String(replies.length)} answers to publishing (${statuses}), the slowest after ${String(slowest)} ms`;
}
