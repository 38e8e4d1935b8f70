import { Problem } from '../problems/problem.js';

/** Runs work for a client when it is the client's turn. */
export type TakeTurn = <Result>(client: string, work: () => Promise<Result>) => Promise<Result>;

interface TurnsOptions {
  /** How many pieces of work of one client run at the same time. */
  atOnce: number;
  /** How many more wait for their turn. */
  waiting: number;
}

interface Line {
  running: number;
  waiting: (() => void)[];
}

/**
 * Creates turns for work that costs the database more than most: the connections are for all clients, and one client's requests
 * take few of them at a time. Further ones wait in line; beyond the line, work is refused with a 429 `Problem`.
 */
export function createTurns({ atOnce, waiting }: TurnsOptions): TakeTurn {
  const lines = new Map<string, Line>();

  return async (client, work) => {
    const line = lines.get(client) ?? { running: 0, waiting: [] };
    lines.set(client, line);
    if (line.running < atOnce) line.running += 1;
    else if (line.waiting.length < waiting) await new Promise<void>((resolve) => line.waiting.push(resolve));
    else {
      throw new Problem(429, 'Too many requests at the same time', {
        detail: `At most ${String(atOnce)} requests of one owner read the log at the same time, and ${String(waiting)} more wait. Send them one after the other.`,
        headers: { 'retry-after': '1' },
      });
    }
    try {
      return await work();
    } finally {
      // The place passes on to the next one in line.
      const next = line.waiting.shift();
      if (next) next();
      else if (--line.running === 0) lines.delete(client);
    }
  };
}
