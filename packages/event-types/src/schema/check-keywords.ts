import { MAX_UNIQUE_ITEMS } from './bounds.js';
import type { Faults, Place } from './faults.js';
import { FORMATS, isFormat } from './formats.js';
import { describeUnknownKeyword, isObject, KEYWORDS } from './vocabulary.js';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** Checks the keywords that one subschema holds itself: their names, their values and how they go together. */
export function checkKeywords(schema: Readonly<Record<string, unknown>>, place: Place, faults: Faults): void {
  for (const [name, value] of Object.entries(schema)) {
    if (name === '$schema') {
      checkDialect(value, place, faults);
      continue;
    }
    const keyword = KEYWORDS.get(name);
    if (keyword === undefined) {
      if (!name.startsWith('x-')) faults.add([...place, name], describeUnknownKeyword(name));
      continue;
    }
    const fault = keyword.fault?.(value) ?? faultOfHolder(name, value, keyword.holds?.shape);
    if (fault !== undefined) faults.add([...place, name], fault);
  }
  checkTogether(schema, place, faults);
}

function checkDialect(value: unknown, place: Place, faults: Faults): void {
  if (place.length > 0) faults.add([...place, '$schema'], 'is said once, at the top of the schema');
  else if (value !== DIALECT && value !== `${DIALECT}#`) {
    faults.add(['$schema'], `must be ${DIALECT}, or left out: other dialects are not supported`);
  }
}

function faultOfHolder(name: string, value: unknown, shape: 'one' | 'list' | 'map' | undefined): string | undefined {
  if (shape === 'list') {
    return Array.isArray(value) && value.length > 0 ? undefined : 'must be a list of at least one schema';
  }
  if (shape === 'map') return isObject(value) ? undefined : 'must be an object whose members are schemas';
  if (shape !== 'one' || !Array.isArray(value)) return undefined;
  return name === 'items' ? 'must be one schema: use "prefixItems" for a list' : 'must be one schema, not a list';
}

function checkTogether(schema: Readonly<Record<string, unknown>>, place: Place, faults: Faults): void {
  const { format, maxItems, properties, type } = schema;
  if (schema['uniqueItems'] === true && !(typeof maxItems === 'number' && maxItems <= MAX_UNIQUE_ITEMS)) {
    faults.add([...place, 'uniqueItems'], `needs maxItems beside it, of at most ${String(MAX_UNIQUE_ITEMS)}`);
  }
  const isOfNumber = type === 'number' || type === 'integer';
  if (typeof format === 'string' && !isFormat(format) && !isOfNumber && typeof schema['pattern'] !== 'string') {
    faults.add(
      [...place, 'format'],
      `is none of the formats that are checked: ${FORMATS.join(', ')}. For another one, say with pattern what the text must be`,
    );
  }
  if (isObject(properties) && Object.hasOwn(properties, '__proto__')) {
    faults.add([...place, 'properties', '__proto__'], 'is a name that Tidings does not accept: rename the field');
  }
}
