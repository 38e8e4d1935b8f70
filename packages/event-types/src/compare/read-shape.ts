import type { Contract, JsonSchema } from '../contract.js';
import { annotationsOf, limitsOf } from './annotations.js';
import { readArray } from './read-array.js';
import { readObject } from './read-object.js';
import { readNumber, readString } from './read-scalars.js';
import { readUndecided } from './read-undecided.js';
import { ANY, NEVER, type Form, type JsonType, typesOf, type Shape } from './shape.js';
import { isObject, isSchema, type Schema } from './subschemas.js';
import { leavesUnknownFieldsToContract } from './unknown-fields.js';
import { uniteForms } from './unite-forms.js';
import { jsonTypeOf, writeValue } from './write-value.js';

const TYPES = typesOf(ANY);

/** Reads a schema without references. */
export function readShape(schema: Schema, unknownFields: Contract['unknownFields']): Shape {
  if (typeof schema === 'boolean') return schema ? ANY : NEVER;
  const limits = limitsOf(schema);
  if (limits.length === 0) return { annotations: annotationsOf(schema), forms: ANY.forms };

  const read = (part: Schema): Shape => readShape(part, unknownFields);
  const alternatives = limits.length === 1 ? alternativesOf(schema) : undefined;
  const united = alternatives && uniteForms(alternatives.map((part) => read(part).forms));
  if (alternatives && united) {
    const annotated: unknown[] = [...alternatives.filter(isObject), schema];
    return { annotations: annotationsOf(Object.assign({}, ...annotated)), forms: united };
  }

  const values = enumerated(schema);
  const forms: Record<string, Form | undefined> = {};
  for (const type of typesIn(schema)) {
    const common: Form = { undecided: readUndecided(schema, type, unknownFields) };
    const own = values && new Map([...values].filter(([, value]) => jsonTypeOf(value) === type));
    if (own) common.values = own;
    if (own?.size !== 0) forms[type] = readForm(schema, type, common, unknownFields, read);
  }
  const possible = Object.entries(forms).filter(([, form]) => form !== undefined);
  return { annotations: annotationsOf(schema), forms: Object.fromEntries(possible) };
}

function readForm(
  schema: JsonSchema,
  type: JsonType,
  common: Form,
  unknownFields: Contract['unknownFields'],
  read: (part: Schema) => Shape,
): Form | undefined {
  switch (type) {
    case 'null':
    case 'boolean':
      return { ...ANY.forms[type], ...common };
    case 'number':
      return readNumber(schema, common);
    case 'string':
      return readString(schema, common);
    case 'array':
      return readArray(schema, common, read);
    case 'object':
      return readObject(schema, common, unknownFields, read);
  }
}

/** The schemas of which a value has one, where that is all that the schema says. */
function alternativesOf(schema: JsonSchema): Schema[] | undefined {
  const { anyOf, oneOf, allOf } = schema;
  const lists = [anyOf, ...[oneOf, allOf].filter((list) => Array.isArray(list) && list.length === 1)];
  const list = lists.find((each) => each !== undefined);
  if (!Array.isArray(list) || !list.every(isSchema)) return undefined;
  return list.length === 1 || !list.some(allowsObjectsUnsaid) ? list : undefined;
}

/** Whether the schema allows objects without a word about them: beside others that speak of them, unknown fields may be refused. */
function allowsObjectsUnsaid(schema: Schema): boolean {
  if (typeof schema === 'boolean') return schema;
  const { type } = schema;
  const isOfOtherTypes = type !== undefined && ![type].flat().includes('object');
  return !isOfOtherTypes && !isScalarEnumeration(schema) && !saysFields(schema);
}

function saysFields(schema: JsonSchema): boolean {
  return leavesUnknownFieldsToContract(schema) || schema['additionalProperties'] !== undefined;
}

function isScalarEnumeration(schema: JsonSchema): boolean {
  const values = enumerated(schema);
  return values !== undefined && [...values.values()].every((value) => jsonTypeOf(value) !== 'object');
}

function typesIn({ type }: JsonSchema): Set<JsonType> {
  if (type === undefined) return new Set(TYPES);
  const names: unknown[] = Array.isArray(type) ? type : [type];
  return new Set(TYPES.filter((type) => names.includes(type) || (type === 'number' && names.includes('integer'))));
}

/** The values that `enum` and `const` allow, by their JSON text. Undefined: the schema has neither. */
function enumerated(schema: JsonSchema): Map<string, unknown> | undefined {
  const lists: unknown[][] = [];
  if (Array.isArray(schema['enum'])) lists.push(schema['enum']);
  if (Object.hasOwn(schema, 'const')) lists.push([schema['const']]);
  const [first, second] = lists.map((list) => new Map(list.map((value) => [writeValue(value), value])));
  return first && second ? new Map([...first].filter(([text]) => second.has(text))) : first;
}
