export interface GroupCommitOptions<Item, Result> {
  /** Does the work of many callers at once; answers in the order of the items. If it throws, every caller of the batch gets the error. */
  run: (items: Item[]) => Promise<Result[]>;
  /** The most weight that one run takes. One item that weighs more runs by itself. */
  maxWeight: number;
  /** How many runs may be under way at once. Default 1: while one commits, the next one gathers. */
  maxRunning?: number;
  /** What an item counts against `maxWeight`. Default 1 each. */
  weigh?: (item: Item) => number;
}

export interface GroupCommit<Item, Result> {
  /** Joins the next run and answers with this item's own result. */
  (item: Item): Promise<Result>;
  /** Resolves when nothing waits and nothing runs. */
  idle: () => Promise<void>;
}

interface Waiting<Item, Result> {
  item: Item;
  weight: number;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/**
 * Group commit: callers that arrive in the same turn of the event loop, or while a run is under way, share one run.
 * A lone caller never waits for company, so that batching costs no latency when there is no load.
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
