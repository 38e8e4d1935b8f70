import type { Contract, JsonSchema } from '../contract.js';
import { createDefinitions, type ReferTo, type WrittenSchema } from '../schema/definitions.js';
import { isObject } from '../schema/vocabulary.js';
import { mapSubschemas } from '../schema/walk-schema.js';
import { NOT_DESCRIBED, QUESTIONS } from '../validate/close-schema.js';
import { areExclusive } from './are-exclusive.js';

/** A `received` value may have further fields. A schema that is only `asked` about a value must give the same answer as before. */
type Mode = 'received' | 'asked';

/**
 * Writes a checked schema as receivers should read it: every object may have fields that the schema does not name, as a later
 * contract of the same version may add some, and a client that refuses them breaks at the first new one.
 */
export function receivedSchema({ schema }: Pick<Contract, 'schema'>, referTo?: ReferTo): WrittenSchema {
  const { resolve, refer, definitions } = createDefinitions(schema, (part, mode: Mode) => write(part, mode), referTo);

  const write = (part: unknown, mode: Mode): unknown => {
    if (!isObject(part)) return part;
    const kept = Object.fromEntries(Object.entries(part).filter(([keyword]) => !NOT_DESCRIBED.has(keyword)));
    const written = mapSubschemas(kept, (inner, keyword) => write(inner, QUESTIONS.has(keyword) ? 'asked' : mode));
    if (typeof written['$ref'] === 'string') written['$ref'] = refer(written['$ref'], mode);
    return mode === 'asked' ? written : open(part, written);
  };

  /** Without the rules against further fields. Alternatives that only these rules told apart may then match together. */
  const open = (source: Readonly<Record<string, unknown>>, written: Record<string, unknown>): Record<string, unknown> => {
    for (const keyword of ['additionalProperties', 'unevaluatedProperties']) {
      if (written[keyword] === false) Reflect.deleteProperty(written, keyword);
    }
    const { oneOf, ...rest } = written;
    if (!Array.isArray(oneOf) || areExclusive(source['oneOf'] as unknown[], resolve)) return written;
    if (rest['anyOf'] === undefined) return { ...rest, anyOf: oneOf };
    return { ...rest, allOf: [...((rest['allOf'] as unknown[] | undefined) ?? []), { anyOf: oneOf }] };
  };

  return { schema: write(schema, 'received') as JsonSchema, definitions };
}
