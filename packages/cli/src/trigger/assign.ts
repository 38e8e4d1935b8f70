import { parseJson, rememberDigits } from '@tidings/events';

/** The keywords of JSON Schema that describe a field. */
export interface FieldSchema {
  type?: unknown;
  properties?: Record<string, FieldSchema>;
  additionalProperties?: boolean | FieldSchema;
}

/** One `--set`: a field and the text for it. */
export interface Assignment {
  /** Path with dots: `record_counts.artists`. */
  path: string;
  text: string;
}

type Fields = Record<string, unknown>;

/**
 * Returns a copy of the data with new values in the assigned fields. The text becomes the value of a field with the schema type
 * `string`. For other fields the text is parsed as JSON, and numbers keep their digits (`writeJson`); invalid JSON stays a text, so
 * that the server's validation names the field.
 * Throws an error that names the field when the schema does not have it.
 */
export function assign(data: Readonly<Fields>, schema: FieldSchema, assignments: readonly Assignment[]): Fields {
  const result: Fields = structuredClone(data);
  for (const { path, text } of assignments) {
    const parts = path.split('.');
    const last = parts.pop() ?? '';
    let [fields, known] = [result, schema];
    for (const [index, part] of parts.entries()) {
      known = fieldOf(known, part, [...parts.slice(0, index), part].join('.'));
      if (typeof fields[part] !== 'object' || fields[part] === null) fields[part] = {};
      fields = fields[part] as Fields;
    }
    const value = valueOf(text, fieldOf(known, last, path));
    fields[last] = value;
    if (typeof value === 'number') rememberDigits(fields, last, text.trim());
  }
  return result;
}

function fieldOf({ properties = {}, additionalProperties }: FieldSchema, name: string, path: string): FieldSchema {
  const declared = Object.hasOwn(properties, name) ? properties[name] : undefined;
  const additional = additionalProperties === true ? {} : additionalProperties === false ? undefined : additionalProperties;
  const found = declared ?? additional;
  if (found !== undefined && name !== '__proto__') return found;
  const names = Object.keys(properties);
  throw new Error(`data.${path}: is not a known field${names.length > 0 ? ` (fields: ${names.join(', ')})` : ''}`);
}

function valueOf(text: string, { type }: FieldSchema): unknown {
  if (type === 'string') return text;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
