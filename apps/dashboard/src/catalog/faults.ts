import { explainSyntax } from './explain-syntax.js';
import { jsonLines } from './json-lines.js';

/** A fault of one field of the form, as the API names fields: `owner_field`, `schema.properties.price`, `examples[0].price`. */
export interface Fault {
  field: string;
  message: string;
}

/** The fields of the form that have a place for faults. */
const FIELDS = ['type', 'title', 'description', 'group', 'audience', 'owner_field', 'unknown_fields', 'schema'];

/** Returns the fault of a text that is no JSON. */
export function jsonFault(field: string, text: string): Fault[] {
  try {
    JSON.parse(text);
    return [];
  } catch {
    return [{ field, message: `This is not valid JSON. ${explainSyntax(text)}` }];
  }
}

/** Returns the faults of a field and of the places inside it, one in a line; undefined: none. */
export function faultsAt(faults: readonly Fault[], field: string): string | undefined {
  return describe(faults, field, (place) => place);
}

/** Returns the faults of a field that is JSON, with the line of each place in its text; undefined: none. */
export function faultsInJson(faults: readonly Fault[], field: string, text: string): string | undefined {
  const hasPlaces = faults.some((fault) => isAt(fault.field, field)) && jsonFault(field, text).length === 0;
  const lines = hasPlaces ? jsonLines(text) : new Map<string, number>();
  return describe(faults, field, (place) => {
    const line = lines.get(place);
    return line === undefined ? place : `Line ${String(line)}, ${place}`;
  });
}

function describe(faults: readonly Fault[], field: string, name: (place: string) => string): string | undefined {
  const texts = faults
    .filter((fault) => isAt(fault.field, field))
    .map((fault) => {
      const place = fault.field.slice(field.length).replace(/^\./, '');
      return place === '' ? toSentence(fault.message) : `${name(place)}: ${fault.message}`;
    });
  return texts.length === 0 ? undefined : texts.join('\n');
}

/** Returns the faults for which the form has no field, as text. */
export function otherFaults(faults: readonly Fault[], exampleCount: number): string[] {
  const fields = [...FIELDS, ...Array.from({ length: exampleCount }, (_, index) => `examples[${String(index)}]`)];
  return faults
    .filter(({ field }) => !fields.some((known) => isAt(field, known)))
    .map(({ field, message }) => (field === '' ? toSentence(message) : `${field}: ${message}`));
}

function isAt(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`);
}

function toSentence(text: string): string {
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
