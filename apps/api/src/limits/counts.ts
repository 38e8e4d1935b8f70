/** Numbers of open things by client. A client with none takes no memory. */
export interface Counts {
  of: (client: string) => number;
  add: (client: string) => void;
  remove: (client: string) => void;
}

/** Creates counts that are all 0. */
export function createCounts(): Counts {
  const counts = new Map<string, number>();
  const of = (client: string): number => counts.get(client) ?? 0;
  return {
    of,
    add: (client) => void counts.set(client, of(client) + 1),
    remove(client) {
      const left = of(client) - 1;
      if (left <= 0) counts.delete(client);
      else counts.set(client, left);
    },
  };
}
