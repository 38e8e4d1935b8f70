import type { Annotations } from './annotations.js';

/**
 * What a schema allows, type by type, so that two schemas can be compared part by part. Keywords that say nothing about a type are
 * gone from it, and so are the ways of writing: `const`, `exclusiveMinimum: 0` of a whole number, `anyOf` with `null`.
 */
export interface Shape {
  annotations: Annotations;
  /** The types that the schema allows, each with its limits. None: no value is valid. */
  forms: Forms;
}

export interface Forms {
  null?: Form;
  boolean?: Form;
  number?: NumberForm;
  string?: StringForm;
  array?: ArrayForm;
  object?: ObjectForm;
}

export type JsonType = keyof Forms;

/** The limits that every type may have. All limits of a form hold together. */
export interface Form {
  /** The only values allowed, by their JSON text. Undefined: all that the other limits allow. */
  values?: ReadonlyMap<string, unknown>;
  /** The limits that the comparison can only tell apart, such as `pattern`: a fingerprint by the keyword. */
  undecided: ReadonlyMap<string, string>;
}

export interface NumberForm extends Form {
  isWhole: boolean;
  least: Bound;
  most: Bound;
  multipleOf: number | undefined;
}

/** A bound of a number, which may be infinite. */
export interface Bound {
  value: number;
  isExclusive: boolean;
}

export interface StringForm extends Form {
  /** In characters. */
  minLength: number;
  /** In characters; may be infinite. */
  maxLength: number;
}

export interface ArrayForm extends Form {
  minItems: number;
  /** May be infinite. */
  maxItems: number;
  isUnique: boolean;
  /** The first items, each with a shape of its own. */
  first: readonly Shape[];
  /** All other items. */
  rest: Shape;
}

export interface ObjectForm extends Form {
  minProperties: number;
  /** May be infinite. */
  maxProperties: number;
  /** The fields that the schema names. */
  fields: ReadonlyMap<string, Field>;
  /** The shapes of fields by a pattern of their names. They hold for named fields, too. */
  patterns: ReadonlyMap<string, Shape>;
  /** All other fields. No forms: they are refused. */
  rest: Shape;
  /** Whether `rest` follows from what the contract says of unknown fields, and not from the schema. */
  isRestImplied: boolean;
  /** Whether a field that is not in `fields` may have a schema all the same: by a pattern, or by `allOf` and its like. */
  mayNameElsewhere: boolean;
}

export interface Field {
  shape: Shape;
  isRequired: boolean;
}

const NO_ANNOTATIONS: Annotations = { documentation: '', personal: '' };

/** The shape that no value has. */
export const NEVER: Shape = { annotations: NO_ANNOTATIONS, forms: {} };

/** The shape that every value has. */
export const ANY: Shape = { annotations: NO_ANNOTATIONS, forms: {} };
const UNLIMITED: Form = { undecided: new Map() };
Object.assign(ANY.forms, {
  null: { ...UNLIMITED, values: new Map([['null', null]]) },
  boolean: {
    ...UNLIMITED,
    values: new Map([
      ['false', false],
      ['true', true],
    ]),
  },
  number: {
    ...UNLIMITED,
    isWhole: false,
    least: { value: -Infinity, isExclusive: false },
    most: { value: Infinity, isExclusive: false },
    multipleOf: undefined,
  },
  string: { ...UNLIMITED, minLength: 0, maxLength: Infinity },
  array: { ...UNLIMITED, minItems: 0, maxItems: Infinity, isUnique: false, first: [], rest: ANY },
  object: {
    ...UNLIMITED,
    minProperties: 0,
    maxProperties: Infinity,
    fields: new Map(),
    patterns: new Map(),
    rest: ANY,
    isRestImplied: false,
    mayNameElsewhere: false,
  },
} satisfies Required<Forms>);

/** Whether no value has the shape. */
export function isNever({ forms }: Shape): boolean {
  return Object.keys(forms).length === 0;
}

/** Whether every value has the shape. */
export function isAny({ forms }: Shape): boolean {
  return forms === ANY.forms || typesOf(ANY).every((type) => forms[type] === ANY.forms[type]);
}

/** The types that the shape allows. */
export function typesOf({ forms }: Shape): JsonType[] {
  return Object.keys(forms) as JsonType[];
}
