/** The work of a group commit, and its limits. */
export interface GroupCommitOptions<Item, Result> {
  /** Processes the items of many callers together, and returns their results in the same order. If it throws, each of these callers gets the error. */
  run: (items: Item[]) => Promise<Result[]>;
  /** Maximum weight of one run. A single item that weighs more runs alone. */
  maxWeight: number;
  /** Maximum number of runs at the same time. Default 1: while one commits, the next one gathers items. */
  maxRunning?: number;
  /** Returns an item's weight, which counts against `maxWeight`. Default: each weighs 1. */
  weigh?: (item: Item) => number;
}

/** A function that processes an item together with those of other callers. */
export interface GroupCommit<Item, Result> {
  /** Adds an item to the next run and resolves to its result. */
  (item: Item): Promise<Result>;
  /** Resolves when no item waits and no run is in progress. */
  idle: () => Promise<void>;
}

interface Waiting<Item, Result> {
  item: Item;
  weight: number;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/**
 * Creates a group commit: callers that arrive in the same iteration of the event loop, or while a run is in progress, share
 * one run. A single caller does not wait for others, so batching adds no latency when there is no load.
 */
export function createGroupCommit<Item, Result>(options: GroupCommitOptions<Item, Result>): GroupCommit<Item, Result> {
  const { run, maxWeight, maxRunning = 1, weigh = () => 1 } = options;
  let waiting: Waiting<Item, Result>[] = [];
  let running = 0;
  let scheduled = false;
  let whenIdle: (() => void)[] = [];

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      while (running < maxRunning && waiting.length > 0) void runOne(takeBatch());
    });
  };

  const takeBatch = (): Waiting<Item, Result>[] => {
    let weight = 0;
    let count = 0;
    for (const { weight: itemWeight } of waiting) {
      if (count > 0 && weight + itemWeight > maxWeight) break;
      weight += itemWeight;
      count += 1;
    }
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return taken;
  };

  const runOne = async (taken: Waiting<Item, Result>[]): Promise<void> => {
    running += 1;
    try {
      const results = await run(taken.map(({ item }) => item));
      if (results.length !== taken.length) {
        throw new Error(`A batch of ${String(taken.length)} items was answered with ${String(results.length)} results.`);
      }
      taken.forEach(({ resolve }, index) => {
        resolve(results[index] as Result);
      });
    } catch (error) {
      for (const { reject } of taken) reject(error);
    } finally {
      running -= 1;
      if (waiting.length > 0) schedule();
      else if (running === 0) {
        for (const resolve of whenIdle) resolve();
        whenIdle = [];
      }
    }
  };

  const batch = (item: Item): Promise<Result> =>
    new Promise((resolve, reject) => {
      waiting.push({ item, weight: weigh(item), resolve, reject });
      if (running < maxRunning) schedule();
    });

  batch.idle = (): Promise<void> =>
    running === 0 && waiting.length === 0
      ? Promise.resolve()
      : new Promise((resolve) => {
          whenIdle.push(resolve);
        });

  return batch;
}
