/** The random choices of a run: the same seed gives the same choices. */
export interface Random {
  /** A number from 0 (included) to 1 (excluded). */
  fraction: () => number;
  /** A number from `low` (included) to `high` (excluded). */
  between: (low: number, high: number) => number;
  /** An integer from `low` to `high`, both included. */
  integer: (low: number, high: number) => number;
  /** True with this probability, 0 to 1. */
  chance: (probability: number) => boolean;
  /** A random element. Throws for an empty list. */
  pick: <Item>(items: readonly Item[]) => Item;
}

/** Creates the mulberry32 generator, seeded with the FNV-1a hash of the text. */
export function createRandom(seed: string): Random {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);

  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const between = (low: number, high: number): number => low + fraction() * (high - low);
  return {
    fraction,
    between,
    integer: (low, high) => Math.floor(between(low, high + 1)),
    chance: (probability) => fraction() < probability,
    pick(items) {
      if (items.length === 0) throw new Error('`pick` needs at least one item.');
      return items[Math.floor(fraction() * items.length)] as (typeof items)[number];
    },
  };
}
