import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Expanded } from '@tidings/database';
import { createExpandChunk, createExpandJob, createExpandLost } from './expand.js';

/** The chunks that are left to expand; an error is thrown once. */
let chunks: (Expanded | Error)[];
/** The time, which passes only while a chunk is expanded, in milliseconds. */
let now: number;
let refills: number;
let observed: Expanded[];
let warnings: string[];
let errors: object[];
/** How Redis answers the admission. */
let refilled: () => Promise<void>;
beforeEach(() => {
  [chunks, now, refills, observed, warnings, errors] = [[], 0, 0, [], [], []];
  refilled = () => Promise.resolve();
});

const chunk = (position: number, more: Partial<Expanded> = {}): Expanded => ({
  position,
  eventType: 'extraction.completed',
  written: { deliveries: 2000, skipped: 0 },
  done: false,
  ...more,
});
const log = {
  info: () => undefined,
  warn: (message: string) => void warnings.push(message),
  error: (_message: string, details: object) => void errors.push(details),
};
/** The parts of one worker. A chunk takes it 50 ms. */
const open = () => {
  const expandChunk = createExpandChunk({
    expandNext: () => {
      now += 50;
      const next = chunks.shift() ?? null;
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
    refill: () => {
      refills += 1;
      return refilled();
    },
    observe: (one) => void observed.push(one),
    log,
  });
  return { expandChunk, processJob: createExpandJob({ expandChunk, sliceMs: 1000, now: () => now, log }) };
};

describe('a job of the queue "expansions"', () => {
  test('expands chunk after chunk until nothing is left, of all events', async () => {
    chunks = [chunk(7), chunk(7, { done: true }), chunk(8, { done: true })];
    expect(await open().processJob({ position: 7 }, '')).toEqual({ action: 'finish' });
    expect(observed.map(({ position, done }) => [position, done])).toEqual([
      [7, false],
      [7, true],
      [8, true],
    ]);
  });

  test('admits deliveries after each chunk, and not after one without deliveries to send', async () => {
    const written = { deliveries: 3, skipped: 3 };
    chunks = [chunk(7), chunk(7, { written: { deliveries: 0, skipped: 0 } }), chunk(7, { written }), chunk(7, { done: true })];
    await open().processJob({ position: 7 }, '');
    expect(refills).toBe(2);
  });

  test('goes behind the other jobs after a second, so that they come too', async () => {
    chunks = Array.from({ length: 100 }, () => chunk(7));
    expect(await open().processJob({ position: 7 }, '')).toEqual({ action: 'postpone', delayMs: 0 });
    expect(observed).toHaveLength(20);
  });

  test('shares the work with those of other workers', async () => {
    chunks = Array.from({ length: 6 }, (_, index) => chunk(index));
    await Promise.all([open(), open(), open()].map(({ processJob }, index) => processJob({ position: index }, '')));
    expect(observed.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('is retried when the database does not answer, without loss', async () => {
    chunks = [chunk(7), new Error('away'), chunk(7, { done: true })];
    const { processJob } = open();
    expect(await processJob({ position: 7 }, '')).toMatchObject({ action: 'retry' });
    expect(warnings).toHaveLength(1);
    expect(await processJob({ position: 7 }, '')).toEqual({ action: 'finish' });
    expect(observed).toHaveLength(2);
  });

  test('goes on when Redis does not take the deliveries: the reconciler admits them', async () => {
    refilled = () => Promise.reject(new Error('away'));
    chunks = [chunk(7), chunk(7, { done: true })];
    expect(await open().processJob({ position: 7 }, '')).toEqual({ action: 'finish' });
    expect(observed).toHaveLength(2);
  });

  test.each<[string, unknown]>([
    ['no position', {}],
    ['a position that is no number', { position: '7' }],
    ['a position that is no whole number', { position: 7.5 }],
    ['a list of positions', { position: [7] }],
    ['no data', null],
    ['a text as its data', 'position\0'],
  ])('with %s is dropped with a log line, and expands nothing', async (_name, job) => {
    chunks = [chunk(7)];
    expect(await open().processJob(job, 'job-1')).toEqual({ action: 'finish' });
    expect(errors).toEqual([{ job_id: 'job-1' }]);
    expect(observed).toEqual([]);
  });
});

describe('a round that looks for expansions without a job', () => {
  const round = async () => {
    const enqueued: number[] = [];
    await createExpandLost({ ...open(), enqueue: (position) => Promise.resolve(void enqueued.push(position)) })();
    return enqueued;
  };

  test('expands one chunk, and calls the workers for the rest', async () => {
    chunks = [chunk(7), chunk(7)];
    expect(await round()).toEqual([7]);
    expect(chunks).toHaveLength(1);
  });

  test('calls nobody when nothing is left, or others expand it', async () => {
    expect(await round()).toEqual([]);
  });
});
