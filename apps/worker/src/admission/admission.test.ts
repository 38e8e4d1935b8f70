import { beforeEach, describe, expect, test } from '@jest/globals';
import type { AdmittedDelivery } from '@tidings/database';
import { createAdmission } from './admission.js';

/** The webhooks of the installation: their parked deliveries, in order, and their free slots. */
let webhooks: Map<string, { parked: string[]; free: number }>;
/** The deliveries in Redis that wait for a worker. */
let line: string[];
let warnings: string[];
/** The calls of `admitNext`. */
let turns: { after: string; deliveries: number; perWebhook: number }[];
/** The waits before runs, in milliseconds. */
let waits: number[];
beforeEach(() => {
  webhooks = new Map();
  line = [];
  turns = [];
  waits = [];
  warnings = [];
});

/** A webhook with a backlog. Its deliveries are named after it. */
function backlogged(id: string, parked: number, free = 10): void {
  webhooks.set(id, { parked: Array.from({ length: parked }, (_, index) => `${id}.${String(index)}`), free });
}
/** What the statement does. */
function admitNext(turn: { after: string; deliveries: number; perWebhook: number }) {
  turns.push(turn);
  const admitted: AdmittedDelivery[] = [];
  for (const id of [...webhooks.keys()].sort().filter((one) => one > turn.after)) {
    const webhook = webhooks.get(id) as { parked: string[]; free: number };
    const count = Math.min(turn.perWebhook, webhook.free, turn.deliveries - admitted.length);
    const taken = webhook.parked.splice(0, count);
    webhook.free -= taken.length;
    admitted.push(...taken.map((name) => ({ id: name, priority: 0 })));
    if (admitted.length === turn.deliveries) return Promise.resolve({ admitted, cursor: id });
  }
  return Promise.resolve({ admitted, cursor: null });
}
interface Options {
  concurrency?: number;
  parts?: Partial<Parameters<typeof createAdmission>[0]>;
}
/** What the statement does. */
function admitOf(ids: readonly string[]) {
  const admitted = ids.flatMap((id) => {
    const webhook = webhooks.get(id);
    if (webhook === undefined) return [];
    const taken = webhook.parked.splice(0, webhook.free);
    webhook.free -= taken.length;
    return taken.map((name) => ({ id: name, priority: 0 }));
  });
  return Promise.resolve(admitted);
}
/** The admission of one worker. */
const open = ({ concurrency = 10, parts = {} }: Options = {}) =>
  createAdmission({
    countWaiting: () => Promise.resolve(line.length),
    admitNext,
    admitOf,
    enqueue: (deliveries) => Promise.resolve(void line.push(...deliveries.map(({ id }) => id))),
    concurrency,
    log: { warn: (message) => void warnings.push(message) },
    wait: (ms) => Promise.resolve(void waits.push(ms)),
    ...parts,
  });
/** Workers take deliveries out of the line and end their requests. Returns how many each webhook had. */
function take(count: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of line.splice(0, count)) {
    const id = name.split('.')[0] as string;
    counts[id] = (counts[id] ?? 0) + 1;
    (webhooks.get(id) as { free: number }).free += 1;
  }
  return counts;
}

describe('the line in Redis', () => {
  test('is filled until four times the concurrency waits, however long the backlogs are', async () => {
    for (let index = 0; index < 100; index += 1) backlogged(`wh_${String(index)}`, 1000);
    await open().refill();
    expect(line).toHaveLength(40);
  });

  test('is not filled while twice the concurrency waits', async () => {
    backlogged('wh_1', 100);
    line = Array<string>(20).fill('wh_2.0');
    await open().refill();
    expect(turns).toEqual([]);
  });

  test('is never longer than four times the concurrency, also when each taken delivery refills it', async () => {
    for (let index = 0; index < 100; index += 1) backlogged(`wh_${String(index)}`, 100);
    const admission = open();
    for (let round = 0; round < 500; round += 1) {
      await admission.refill();
      expect(line.length).toBeLessThanOrEqual(40);
      take(1);
    }
  });

  test('gets no more than the concurrency of a worker at once, so that workers at the same time fill it little beyond', async () => {
    for (let index = 0; index < 100; index += 1) backlogged(`wh_${String(index)}`, 1000);
    await Promise.all([open().refill(), open().refill(), open().refill()]);
    for (const { deliveries } of turns) expect(deliveries).toBeLessThanOrEqual(10);
    expect(line.length).toBeLessThanOrEqual(40 + 2 * 10);
    expect(new Set(line).size).toBe(line.length);
  });

  test('is left after four times the concurrency, even when workers take everything at once', async () => {
    backlogged('wh_1', 1000, 1000);
    const enqueued: unknown[] = [];
    await open({ parts: { enqueue: (deliveries) => Promise.resolve(void enqueued.push(...deliveries)) } }).refill();
    expect(enqueued).toHaveLength(40);
  });

  test('gets jobs with ids of their own: a job that found no free slot may not have ended yet', async () => {
    backlogged('wh_1', 1);
    const enqueued: unknown[] = [];
    await open({ parts: { enqueue: (deliveries) => Promise.resolve(void enqueued.push(...deliveries)) } }).refill();
    expect(enqueued).toEqual([{ id: 'wh_1.0', newJobId: true }]);
  });
});

describe('backlogged webhooks', () => {
  test('take turns, one delivery each, and the next run continues behind the last of them', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) backlogged(id, 100);
    const admission = open({ concurrency: 1 });
    await admission.refill();
    expect(line).toEqual(['a.0', 'b.0', 'c.0', 'd.0']);
    take(4);
    await admission.refill();
    expect(line).toEqual(['e.0', 'a.1', 'b.1', 'c.1']);
  });

  test('all get the same share of a long drain, however different their backlogs are', async () => {
    for (let index = 0; index < 50; index += 1) backlogged(`wh_${String(index)}`, index === 0 ? 10_000 : 1000);
    const admission = open();
    const counts: Record<string, number> = {};
    for (let round = 0; round < 500; round += 1) {
      await admission.refill();
      for (const [id, count] of Object.entries(take(20))) counts[id] = (counts[id] ?? 0) + count;
    }
    expect(Object.keys(counts)).toHaveLength(50);
    expect(Math.max(...Object.values(counts)) - Math.min(...Object.values(counts))).toBeLessThanOrEqual(2);
  });

  test('get all their free slots when they are few', async () => {
    backlogged('wh_1', 100, 10);
    backlogged('wh_2', 100, 3);
    backlogged('wh_3', 2, 10);
    await open().refill();
    expect(line).toHaveLength(10 + 3 + 2);
  });

  test('without a free slot are asked again only after a pause', async () => {
    for (let index = 0; index < 100; index += 1) backlogged(`wh_${String(index)}`, 10, 0);
    const admission = open();
    await admission.refill();
    await admission.refill();
    expect(turns).toHaveLength(2);
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeLessThanOrEqual(500);
  });
});

describe('a job that ended', () => {
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  test('refills a short line at once when its webhook is backlogged', async () => {
    backlogged('wh_1', 5);
    open().jobEnded('wh_1');
    await settle();
    expect(line).toHaveLength(5);
  });

  test('gives its webhook the free slots again, although more lines than a run looks at may not move', async () => {
    backlogged('wh_1', 100, 3);
    const admission = open({
      parts: {
        admitNext: (turn) => {
          turns.push(turn);
          return Promise.resolve({ admitted: [], cursor: `paused_${String(turns.length)}` });
        },
      },
    });
    admission.jobEnded('wh_1');
    await settle();
    expect(line).toEqual(['wh_1.0', 'wh_1.1', 'wh_1.2']);
    expect(turns.length).toBeLessThanOrEqual(10);
  });

  test('has the line filled also when its webhook has no other delivery, until no webhook has', async () => {
    for (let index = 0; index < 1000; index += 1) backlogged(`wh_${String(index)}`, 1);
    const admission = open();
    await admission.refill();
    let taken = 0;
    while (line.length > 0) {
      take(1);
      taken += 1;
      admission.jobEnded();
      await settle();
    }
    expect(taken).toBe(1000);
  });

  test('looks at the line only once for a quarter of the concurrency while the line is not short', async () => {
    backlogged('wh_1', 10_000, 1000);
    let looks = 0;
    const countWaiting = () => {
      looks += 1;
      return Promise.resolve(line.length);
    };
    const admission = open({ concurrency: 100, parts: { countWaiting } });
    await admission.refill();
    looks = 0;
    for (let job = 0; job < 100; job += 1) {
      admission.jobEnded('wh_1');
      await settle();
    }
    expect(looks).toBe(4);
  });

  test('does not look for parked deliveries that the run before it did not find', async () => {
    const admission = open();
    await admission.refill();
    turns = [];
    for (let job = 0; job < 100; job += 1) admission.jobEnded();
    await settle();
    expect(turns).toEqual([]);
  });

  test('leaves the others to the reconciler when Redis is away', async () => {
    backlogged('wh_1', 5);
    const admission = open({ parts: { countWaiting: () => Promise.reject(new Error('away')) } });
    admission.jobEnded('wh_1');
    await settle();
    for (let job = 0; job < 100; job += 1) admission.jobEnded();
    await settle();
    expect(warnings).toEqual(['Parked deliveries wait for the next round of the reconciler.']);
  });
});

describe('a run', () => {
  test('is shared by all calls that come during the run before it', async () => {
    backlogged('wh_1', 100, 0);
    const finish: (() => void)[] = [];
    let running = 0;
    const admission = open({
      parts: {
        admitNext: async (turn) => {
          running += 1;
          expect(running).toBe(1);
          await new Promise<void>((resolve) => finish.push(resolve));
          running -= 1;
          return admitNext(turn);
        },
      },
    });
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    const calls = [admission.refill()];
    await settle();
    calls.push(...Array.from({ length: 10 }, () => admission.refill()));
    finish.shift()?.();
    await settle();
    calls.push(admission.refill());
    finish.shift()?.();
    await settle();
    finish.shift()?.();
    await Promise.all(calls);
    expect(turns).toHaveLength(3);
  });

  test('that fails rejects, and the next one continues', async () => {
    backlogged('wh_1', 5);
    const failures = [new Error('away')];
    const countWaiting = () => {
      const failure = failures.shift();
      return failure ? Promise.reject(failure) : Promise.resolve(line.length);
    };
    const admission = open({ parts: { countWaiting } });
    const calls = [admission.refill(), admission.refill()];
    await expect(calls[0]).rejects.toThrow('away');
    await calls[1];
    expect(line).toHaveLength(5);
  });

  test('that Redis did not take leaves its deliveries to the reconciler, and goes on with the next webhook', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) backlogged(id, 100);
    let isAway = true;
    const admission = open({
      concurrency: 1,
      parts: {
        enqueue: (deliveries) =>
          isAway ? Promise.reject(new Error('away')) : Promise.resolve(void line.push(...deliveries.map(({ id }) => id))),
      },
    });
    await expect(admission.refill()).rejects.toThrow('away');
    isAway = false;
    await admission.refill();
    expect(line).toEqual(['b.0', 'c.0', 'd.0', 'e.0']);
  });

  test('is the last one when the worker stops', async () => {
    backlogged('wh_1', 100);
    const admission = open();
    const running = admission.refill();
    const next = admission.refill();
    await admission.stop();
    await Promise.all([running, next, admission.refill()]);
    expect(line).toEqual([]);
  });
});
