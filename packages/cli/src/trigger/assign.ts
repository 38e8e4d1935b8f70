/** The part of JSON Schema that says what a field is. */
export interface FieldSchema {
  type?: unknown;
  properties?: Record<string, FieldSchema>;
  additionalProperties?: boolean | FieldSchema;
}

/** `--set`: which field, and the text that was given for it. */
export interface Assignment {
  /** `record_counts.artists`. */
  path: string;
  text: string;
}

type Fields = Record<string, unknown>;

/**
 * The data with other values in some fields. What the schema calls a text is taken as it is written; anything else is
 * read as JSON, and what is no JSON stays a text, so that whoever checks the data can name the field. Throws an error that
 * names a field which the schema does not have.
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
    fields[last] = valueOf(text, fieldOf(known, last, path));
  }
  return result;
}

function fieldOf({ properties = {}, additionalProperties }: FieldSchema, name: string, path: string): FieldSchema {
  const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
  const other = additionalProperties === true ? {} : additionalProperties === false ? undefined : additionalProperties;
  const found = own ?? other;
  if (found !== undefined && name !== '__proto__') return found;
  const names = Object.keys(properties);
  throw new Error(`data.${path}: is not a known field${names.length > 0 ? `; there are ${names.join(', ')}` : ''}`);
}

function valueOf(text: string, { type }: FieldSchema): unknown {
  if (type === 'string') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
