import { z } from 'zod';
import type { FieldError } from '../invalid-event-error.js';
import { rememberDigits, toDecimal, type Container } from './digits.js';
import { faultOfKey, faultOfText } from './faults.js';
import { shorten } from '../shorten.js';
import { InvalidJsonError } from './invalid-json-error.js';

/** Bounds of {@link parseJson}. */
export interface ParseBounds {
  /** How deep arrays and objects may be nested. Default 64. */
  maxLevels?: number;
  /** How many values it may hold. The name of a member counts as one, and so does each array and object. Default 50,000. */
  maxValues?: number;
}

const MAX_LEVELS = 64;
/** They take some 10 ms to parse, and twice as long to check against a schema. A thousand events may have fifty each. */
const MAX_VALUES = 50_000;
/** A text with more faults than this is not read further. */
const MAX_FAULTS = 100;
/** How many names a place that is nested too deeply is named with. */
const MAX_NAMES = 4;
/** How much an error repeats of the whole path of a field. */
const MAX_FIELD_CHARACTERS = 200;
/** JavaScript writes a whole number of so few digits as it was written. */
const MAX_PLAIN_DIGITS = 15;

const [QUOTE, BACKSLASH, COLON, COMMA, MINUS, ZERO, NINE] = [0x22, 0x5c, 0x3a, 0x2c, 0x2d, 0x30, 0x39];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT, T, F, N] = [0x5b, 0x5d, 0x7b, 0x7d, 0x74, 0x66, 0x6e];
const [FIRST_PRINTABLE, FIRST_SURROGATE, LAST_SURROGATE] = [0x20, 0xd800, 0xdfff];
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/**
 * Parses JSON (RFC 8259) as `JSON.parse` does, and refuses what `JSON.parse` changes without a word. It keeps the digits of
 * numbers, which `writeJson` writes again.
 *
 * Throws a `SyntaxError` for a text that is not JSON, and an {@link InvalidJsonError} that names each place with a name that an
 * object has twice, the name `__proto__`, half of a surrogate pair, or a number that a double cannot stand for; and the first
 * place that is nested too deeply, or the text where it holds too many values. It reads no further than that.
 */
export function parseJson(text: string, bounds: ParseBounds = {}): unknown {
  return new Reader(text, { maxLevels: MAX_LEVELS, maxValues: MAX_VALUES, ...bounds }).read();
}

/** Reads one text from its beginning to its end. */
class Reader {
  private at = 0;
  /** The number of containers around the place, which have their keys in `path`. */
  private level = 0;
  private readonly path: (string | number)[] = [];
  private readonly faults: FieldError[] = [];
  private readonly maxLevels: number;
  private readonly maxValues: number;
  /** How many more values the text may hold. */
  private valuesLeft: number;

  constructor(
    private readonly text: string,
    { maxLevels, maxValues }: Required<ParseBounds>,
  ) {
    this.maxLevels = maxLevels;
    this.maxValues = this.valuesLeft = maxValues;
  }

  read(): unknown {
    const value = this.readValue(undefined);
    this.skipSpace();
    if (this.at < this.text.length) throw this.unexpected();
    if (this.faults.length > 0) throw new InvalidJsonError(this.faults);
    return value;
  }

  /** @param container the array or object that holds the value */
  private readValue(container: Container | undefined): unknown {
    this.count();
    const code = this.skipSpace();
    switch (code) {
      case QUOTE:
        return this.readString();
      case OPEN_LIST:
      case OPEN_OBJECT: {
        if (this.level >= this.maxLevels) throw this.tooDeep();
        this.at += 1;
        this.level += 1;
        const inner = code === OPEN_LIST ? this.readList() : this.readObject();
        this.level -= 1;
        return inner;
      }
      case T:
        return this.readWord('true', true);
      case F:
        return this.readWord('false', false);
      case N:
        return this.readWord('null', null);
      default:
        return this.readNumber(container);
    }
  }

  private readList(): unknown[] {
    const list: unknown[] = [];
    if (this.skipSpace() === CLOSE_LIST) {
      this.at += 1;
      return list;
    }
    for (;;) {
      this.path[this.level - 1] = list.length;
      list.push(this.readValue(list));
      if (this.endsAfterMember(CLOSE_LIST)) return list;
    }
  }

  private readObject(): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    if (this.skipSpace() === CLOSE_OBJECT) {
      this.at += 1;
      return object;
    }
    for (;;) {
      if (this.skipSpace() !== QUOTE) throw this.unexpected();
      this.count();
      // The fault of a name is reported by the object that it is in.
      this.path[this.level - 1] = '';
      const key = this.readText();
      this.path[this.level - 1] = key;
      // No member is undefined, so that most names are looked up once.
      const isRepeated = object[key] !== undefined && Object.hasOwn(object, key);
      const fault = isRepeated ? 'is in the same object more than once' : faultOfKey(key);
      if (this.skipSpace() !== COLON) throw this.unexpected();
      this.at += 1;
      if (fault !== undefined) this.refuse(fault);
      const value = this.readValue(object);
      if (fault === undefined) object[key] = value;
      if (this.endsAfterMember(CLOSE_OBJECT)) return object;
    }
  }

  private endsAfterMember(close: number): boolean {
    const code = this.skipSpace();
    if (code !== close && code !== COMMA) throw this.unexpected();
    this.at += 1;
    return code === close;
  }

  private readString(): string {
    const string = this.readText();
    const fault = this.mayBeUnpaired ? faultOfText(string) : undefined;
    if (fault !== undefined) this.refuse(fault);
    return string;
  }

  /** Whether the text that was read last holds a surrogate or an escape. */
  private mayBeUnpaired = false;

  private readText(): string {
    const { text } = this;
    const start = this.at;
    this.mayBeUnpaired = false;
    let isEscaped = false;
    for (let at = start + 1; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.at = at + 1;
        return isEscaped ? this.unescape(start) : text.slice(start + 1, at);
      }
      if (code < FIRST_PRINTABLE) {
        this.at = at;
        throw this.unexpected();
      }
      if (code === BACKSLASH) {
        isEscaped = this.mayBeUnpaired = true;
        at += 1;
      } else if (code >= FIRST_SURROGATE && code <= LAST_SURROGATE) this.mayBeUnpaired = true;
    }
    this.at = text.length;
    throw this.unexpected();
  }

  private unescape(start: number): string {
    return JSON.parse(this.text.slice(start, this.at)) as string;
  }

  private readNumber(container: Container | undefined): number {
    const { text } = this;
    const start = this.at;
    let at = start;
    let value = 0;
    let code = text.charCodeAt(at);
    while (code >= ZERO && code <= NINE && at - start < MAX_PLAIN_DIGITS) {
      value = value * 10 + (code - ZERO);
      at += 1;
      code = text.charCodeAt(at);
    }
    const isPlain = at > start && (text.charCodeAt(start) !== ZERO || at === start + 1);
    if (isPlain && (code === COMMA || code === CLOSE_LIST || code === CLOSE_OBJECT)) {
      this.at = at;
      return value;
    }
    if (code !== MINUS && at === start) throw this.unexpected();
    NUMBER.lastIndex = start;
    if (!NUMBER.test(text)) throw this.unexpected();
    this.at = NUMBER.lastIndex;
    const digits = text.slice(start, this.at);
    value = Number(digits);
    if (String(value) !== digits) {
      const fault = faultOfNumber(digits, value);
      if (fault !== undefined) this.refuse(fault);
      else if (container) rememberDigits(container, this.path[this.level - 1] as string | number, digits);
    }
    return value;
  }

  private readWord<Value>(word: string, value: Value): Value {
    if (!this.text.startsWith(word, this.at)) throw this.unexpected();
    this.at += word.length;
    return value;
  }

  /** Returns the code of the next character that is no space; NaN at the end. */
  private skipSpace(): number {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      this.at += 1;
    }
  }

  private count(): void {
    if (this.valuesLeft === 0) {
      const message = `holds more than ${this.maxValues.toLocaleString('en')} values and names, the limit: send less at a time`;
      throw new InvalidJsonError([{ field: '', message }]);
    }
    this.valuesLeft -= 1;
  }

  private refuse(message: string): void {
    this.faults.push({ field: this.fieldOf(this.level), message });
    if (this.faults.length === MAX_FAULTS) throw new InvalidJsonError(this.faults);
  }

  private tooDeep(): InvalidJsonError {
    const field = this.fieldOf(Math.min(this.level, MAX_NAMES));
    return new InvalidJsonError([{ field, message: `is nested more than ${String(this.maxLevels)} levels deep` }]);
  }

  /** The path of this many levels. A hundred faults that each repeat long names would be an answer of megabytes. */
  private fieldOf(levels: number): string {
    const names = this.path.slice(0, levels).map((name) => (typeof name === 'string' ? shorten(name) : name));
    return shorten(z.core.toDotPath(names), MAX_FIELD_CHARACTERS);
  }

  private unexpected(): SyntaxError {
    const { text, at } = this;
    return new SyntaxError(at < text.length ? `Unexpected ${JSON.stringify(text[at])} at ${String(at)}` : 'Unexpected end');
  }
}

/** JavaScript reads this many significant digits exactly, and cannot read most numbers with more. */
const MAX_EXACT_DIGITS = 15;

/**
 * The reason why a number is refused; undefined for all others. Schemas check a number as a double. A whole double for a number
 * with a fraction would pass for a whole number, and zero or infinity for a number that is neither.
 */
function faultOfNumber(text: string, value: number): string | undefined {
  if (!Number.isFinite(value)) return `is too large: the largest number is ${String(Number.MAX_VALUE)}`;
  if (value !== 0 && text.length <= MAX_EXACT_DIGITS) return undefined;
  const { digits, exponent } = toDecimal(text);
  if (value === 0 && digits !== '') return `is too close to zero: the smallest number is ${String(Number.MIN_VALUE)}`;
  if (exponent < 0 && Number.isInteger(value)) return 'has too many digits: its fraction would be lost';
  return undefined;
}
