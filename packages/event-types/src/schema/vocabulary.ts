/** Where a subschema applies: to the same value, to values inside of it, or nowhere until a `$ref` names it. */
export type Position = 'same' | 'inside' | 'definition';

interface Keyword {
  /** Returns what is wrong with the keyword's value; undefined: nothing. */
  fault?: (value: unknown) => string | undefined;
  /** How the keyword holds subschemas, and where they apply. */
  holds?: { shape: 'one' | 'list' | 'map'; position: Position };
}

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];

const rule = (isValid: (value: unknown) => boolean, message: string): Keyword => ({
  fault: (value) => (isValid(value) ? undefined : message),
});
const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isDistinct = (values: readonly unknown[]): boolean => new Set(values).size === values.length;
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const COUNT = rule((value) => Number.isSafeInteger(value) && Number(value) >= 0, 'must be a whole number, 0 or more');
const NUMBER = rule((value) => typeof value === 'number', 'must be a number');
const TEXT = rule(isText, 'must be a string');
const FLAG = rule((value) => typeof value === 'boolean', 'must be true or false');
const NAMES = rule((value) => isTexts(value) && isDistinct(value), 'must be a list of different names');
const ANY: Keyword = {};
const UNSUPPORTED = (remedy: string): Keyword => ({ fault: () => `is not supported: ${remedy}` });
const holding = (shape: 'one' | 'list' | 'map', position: Position): Keyword => ({ holds: { shape, position } });

/** The keywords of draft 2020-12 that a schema may have, and what each must be. */
export const KEYWORDS: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  ['$ref', TEXT],
  ['$comment', TEXT],
  ['$defs', holding('map', 'definition')],
  ['$id', UNSUPPORTED('remove it, and refer to parts of the schema by "#/$defs/name"')],
  ['$anchor', UNSUPPORTED('refer to parts of the schema by "#/$defs/name"')],
  ['$dynamicAnchor', UNSUPPORTED('refer to parts of the schema by "#/$defs/name"')],
  ['$dynamicRef', UNSUPPORTED('use $ref with "#/$defs/name"')],
  ['$vocabulary', UNSUPPORTED('remove it')],
  ['type', rule(isType, `must be one of ${TYPES.join(', ')}, or a list of them`)],
  ['enum', rule((value) => Array.isArray(value) && value.length > 0, 'must be a list of at least one value')],
  ['const', ANY],
  ['minimum', NUMBER],
  ['maximum', NUMBER],
  ['exclusiveMinimum', NUMBER],
  ['exclusiveMaximum', NUMBER],
  ['multipleOf', rule((value) => typeof value === 'number' && value > 0, 'must be a number over 0')],
  ['minLength', COUNT],
  ['maxLength', COUNT],
  ['pattern', TEXT],
  ['format', TEXT],
  ['minItems', COUNT],
  ['maxItems', COUNT],
  ['uniqueItems', FLAG],
  ['minContains', COUNT],
  ['maxContains', COUNT],
  ['minProperties', COUNT],
  ['maxProperties', COUNT],
  ['required', NAMES],
  [
    'dependentRequired',
    rule(
      (value) => isObject(value) && Object.values(value).every((names) => isTexts(names) && isDistinct(names)),
      'must be an object whose members are lists of different names',
    ),
  ],
  ['allOf', holding('list', 'same')],
  ['anyOf', holding('list', 'same')],
  ['oneOf', holding('list', 'same')],
  ['not', holding('one', 'same')],
  ['if', holding('one', 'same')],
  ['then', holding('one', 'same')],
  ['else', holding('one', 'same')],
  ['dependentSchemas', holding('map', 'same')],
  ['properties', holding('map', 'inside')],
  ['patternProperties', holding('map', 'inside')],
  ['additionalProperties', holding('one', 'inside')],
  ['unevaluatedProperties', holding('one', 'inside')],
  ['propertyNames', holding('one', 'inside')],
  ['prefixItems', holding('list', 'inside')],
  ['items', holding('one', 'inside')],
  ['unevaluatedItems', holding('one', 'inside')],
  ['contains', holding('one', 'inside')],
  ['title', TEXT],
  ['description', TEXT],
  ['default', ANY],
  ['examples', rule(Array.isArray, 'must be a list')],
  ['deprecated', FLAG],
  ['readOnly', FLAG],
  ['writeOnly', FLAG],
  ['contentEncoding', TEXT],
  ['contentMediaType', TEXT],
  ['contentSchema', rule((value) => isObject(value) || typeof value === 'boolean', 'must be a schema')],
  ['x-personal', FLAG],
]);

/** Names that other dialects have, and what to write instead. */
const OTHER_DIALECTS: ReadonlyMap<string, string> = new Map([
  ['definitions', '"$defs"'],
  ['id', '"$comment" or a name of your own that begins with "x-"'],
  ['additionalItems', '"items" beside "prefixItems"'],
  ['dependencies', '"dependentRequired" or "dependentSchemas"'],
  ['nullable', 'the type "null" beside the other one: ["string", "null"]'],
  ['example', '"examples", a list'],
]);

/** Says what is wrong with a keyword that draft 2020-12 does not have. */
export function describeUnknownKeyword(name: string): string {
  const other = OTHER_DIALECTS.get(name);
  if (other !== undefined) return `is not a keyword of draft 2020-12: use ${other}`;
  const near = name.length > 40 ? undefined : [...KEYWORDS.keys()].find((keyword) => isNear(name, keyword));
  return near === undefined
    ? 'is not a keyword of draft 2020-12: names of your own begin with "x-"'
    : `is not a keyword of draft 2020-12: "${near}" is`;
}

function isType(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && isDistinct(value) && value.every((type) => TYPES.includes(type as string));
  return TYPES.includes(value as string);
}

/** Whether one letter added, left out, changed or swapped with the next makes one name the other, whatever their case. */
function isNear(one: string, other: string): boolean {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  if (a === b) return true;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const [restOfA, restOfB] = [a.slice(start), b.slice(start)];
  const isSwapped = restOfA.slice(2) === restOfB.slice(2) && restOfA.slice(0, 2) === restOfB.slice(1, 2) + restOfB.slice(0, 1);
  const [nextOfA, nextOfB] = [restOfA.slice(1), restOfB.slice(1)];
  return isSwapped || (b.length > 3 && [nextOfA, restOfA].includes(nextOfB)) || (b.length > 3 && nextOfA === restOfB);
}
