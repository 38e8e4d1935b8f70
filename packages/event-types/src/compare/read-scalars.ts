import type { JsonSchema } from '../contract.js';
import { ANY, type Bound, type Form, type NumberForm, type StringForm } from './shape.js';

/** Reads the limits of numbers. Undefined: no number is possible. */
export function readNumber(schema: JsonSchema, common: Form): NumberForm | undefined {
  const isWhole = !typeNames(schema).includes('number') && typeNames(schema).includes('integer');
  const lower = [bound(schema['minimum'], false), bound(schema['exclusiveMinimum'], true)];
  const upper = [bound(schema['maximum'], false), bound(schema['exclusiveMaximum'], true)];
  const form: NumberForm = {
    undecided: common.undecided,
    isWhole,
    least: lower.reduce<Bound>((one, other) => (other && isHigher(other, one) ? other : one), UNBOUNDED.least),
    most: upper.reduce<Bound>((one, other) => (other && isLower(other, one) ? other : one), UNBOUNDED.most),
    multipleOf: typeof schema['multipleOf'] === 'number' ? schema['multipleOf'] : undefined,
  };
  if (isWhole) {
    form.least = wholeBound(form.least, Math.ceil, 1);
    form.most = wholeBound(form.most, Math.floor, -1);
  }
  const { least, most } = form;
  if (least.value > most.value || (least.value === most.value && (least.isExclusive || most.isExclusive))) return undefined;
  if (!common.values) return form;
  const values = new Map([...common.values].filter(([, value]) => admitsNumber(form, value as number)));
  return values.size === 0 ? undefined : { ...UNBOUNDED, ...common, values };
}

/** Reads the limits of texts. Undefined: no text is possible. */
export function readString(schema: JsonSchema, common: Form): StringForm | undefined {
  const form: StringForm = {
    undecided: common.undecided,
    minLength: atLeast(schema['minLength']),
    maxLength: atMost(schema['maxLength']),
  };
  if (form.minLength > form.maxLength) return undefined;
  if (!common.values) return form;
  const values = new Map([...common.values].filter(([, value]) => admitsString(form, value as string)));
  return values.size === 0 ? undefined : { ...(ANY.forms.string as StringForm), ...common, values };
}

/** Whether the decided limits allow the number. */
export function admitsNumber({ isWhole, least, most, multipleOf, values }: NumberForm, value: number): boolean {
  if (values) return values.has(JSON.stringify(value));
  if (isWhole && !Number.isInteger(value)) return false;
  if (value < least.value || (least.isExclusive && value === least.value)) return false;
  if (value > most.value || (most.isExclusive && value === most.value)) return false;
  return multipleOf === undefined || Number.isInteger(value / multipleOf);
}

/** Whether the decided limits allow the text. Its length counts code points, as JSON Schema does. */
export function admitsString({ minLength, maxLength, values }: StringForm, value: string): boolean {
  if (values) return values.has(JSON.stringify(value));
  const { length } = Array.from(value);
  return length >= minLength && length <= maxLength;
}

/** A keyword that gives a least number of something. */
export function atLeast(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** A keyword that gives a greatest number of something. */
export function atMost(value: unknown): number {
  return typeof value === 'number' ? value : Infinity;
}

/** Whether the first lower bound allows less than the second. */
export function isHigher(one: Bound, other: Bound): boolean {
  return one.value > other.value || (one.value === other.value && one.isExclusive && !other.isExclusive);
}

/** Whether the first upper bound allows less than the second. */
export function isLower(one: Bound, other: Bound): boolean {
  return one.value < other.value || (one.value === other.value && one.isExclusive && !other.isExclusive);
}

const UNBOUNDED = ANY.forms.number as NumberForm;

function bound(value: unknown, isExclusive: boolean): Bound | undefined {
  return typeof value === 'number' ? { value, isExclusive } : undefined;
}

/** The bound of whole numbers: `> 0` is `>= 1`, and `>= 0.5` is, too. */
function wholeBound({ value, isExclusive }: Bound, round: (value: number) => number, next: number): Bound {
  if (!Number.isSafeInteger(Math.trunc(value))) return { value, isExclusive };
  return { value: round(value) + (isExclusive && Number.isInteger(value) ? next : 0), isExclusive: false };
}

function typeNames({ type }: JsonSchema): unknown[] {
  return Array.isArray(type) ? type : [type];
}
