/** Makes every choice of a run, so that the same seed makes the same choices again. */
export interface Random {
  /** From 0 up to, not including, 1. */
  fraction: () => number;
  /** From `low` up to, not including, `high`. */
  between: (low: number, high: number) => number;
  /** A whole number, both ends included. */
  whole: (low: number, high: number) => number;
  /** True that often, 0 to 1. */
  chance: (probability: number) => boolean;
  pick: <Item>(items: readonly Item[]) => Item;
}

/** Choices that follow from the text alone: the mulberry32 generator, seeded with an FNV-1a hash. */
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
    whole: (low, high) => Math.floor(between(low, high + 1)),
    chance: (probability) => fraction() < probability,
    pick(items) {
      if (items.length === 0) throw new Error('There is nothing to pick from.');
      return items[Math.floor(fraction() * items.length)] as (typeof items)[number];
    },
  };
}
