/** A JSON container: an array or an object. */
export type Container = unknown[] | Record<string, unknown>;

/** The texts of the numbers of one container. */
interface Digits {
  key: string | number;
  text: string;
  /** Those of further keys. Most containers that have any have one, and a record for it costs four times as much. */
  others: Record<string | number, string> | undefined;
}

/**
 * The texts of the numbers that JavaScript would write otherwise (`1.0`, `1e2`, `9007199254740993`), by the container that holds
 * them and by their key. They are beside the values, and not in them, so that schemas see plain numbers.
 */
const digits = new WeakMap<Container, Digits>();

/** Remembers how the number at this key of the container was written. */
export function rememberDigits(container: Container, key: string | number, text: string): void {
  const known = digits.get(container);
  if (!known) digits.set(container, { key, text, others: undefined });
  else {
    known.others ??= Object.create(null) as Record<string | number, string>;
    known.others[key] = text;
  }
}

/** Whether the container itself holds a number that JavaScript would write otherwise. */
export function hasDigits(container: object): boolean {
  return digits.has(container as Container);
}

/** Returns how the number at this key of the container was written; undefined: as JavaScript writes it. */
export function digitsOf(container: object, key: string | number): string | undefined {
  const known = digits.get(container as Container);
  if (known === undefined) return undefined;
  return known.key === key ? known.text : known.others?.[key];
}

/** An exact decimal number: `digits` × 10^`exponent`. */
interface Decimal {
  isNegative: boolean;
  /** Without zeros at either end; empty for zero. */
  digits: string;
  exponent: number;
}

/** Returns the exact value of a number of JSON. */
export function toDecimal(text: string): Decimal {
  const isNegative = text.startsWith('-');
  const [mantissa = '', exponent = '0'] = text.slice(isNegative ? 1 : 0).split(/e/i);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const all = `${whole}${fraction}`;
  let [start, end] = [0, all.length];
  while (all[start] === '0') start += 1;
  while (end > start && all[end - 1] === '0') end -= 1;
  if (start === end) return { isNegative: false, digits: '', exponent: 0 };
  return { isNegative, digits: all.slice(start, end), exponent: Number(exponent) - fraction.length + (all.length - end) };
}

/** Writes a number of JSON in the one form that all numbers of the same exact value have. */
export function canonicalNumber(text: string): string {
  const { isNegative, digits: significant, exponent } = toDecimal(text);
  return significant === '' ? '0' : `${isNegative ? '-' : ''}${significant}e${String(exponent)}`;
}
