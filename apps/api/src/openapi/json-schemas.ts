import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { normalizeSchema, type Direction, type JsonSchema } from './normalize-schema.js';

const DEFINED = '#/$defs/';
const NAMED = '#/components/schemas/';

/**
 * Converts zod schemas to JSON Schemas of one OpenAPI document. A schema with an `id` in its `meta` is in the document once,
 * as a component with that name; other schemas refer to it. Throws when a name stands for two schemas: in requests and in
 * responses, fields have different rules (see `normalizeSchema`), so each has names of its own.
 *
 * @see https://zod.dev/json-schema
 */
export function jsonSchemas() {
  const named: Record<string, JsonSchema> = {};

  const add = (name: string, schema: JsonSchema): void => {
    if (named[name] && !isDeepStrictEqual(named[name], schema))
      throw new Error(`Two schemas of the OpenAPI document have the name "${name}": give one of them another "id".`);
    named[name] = schema;
  };

  const write = (schema: z.ZodType, io: Direction): JsonSchema => {
    // Wrapped in an object, so that a top-level schema with an `id` becomes a reference, too.
    const { $defs = {}, properties } = z.toJSONSchema(z.object({ schema }), {
      io,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
      },
    });
    for (const [name, definition] of Object.entries($defs)) add(name, normalizeSchema(relocate(definition), io));
    return normalizeSchema(relocate((properties as { schema: JsonSchema }).schema), io);
  };

  return {
    /** Converts the schema of a request. */
    input: (schema: z.ZodType): JsonSchema => write(schema, 'input'),
    /** Converts the schema of a response, or of a payload. */
    output: (schema: z.ZodType): JsonSchema => write(schema, 'output'),
    /** Returns the named schemas. Call it after all schemas are converted. */
    named: (): Record<string, JsonSchema> => named,
  };
}

function relocate(schema: JsonSchema): JsonSchema {
  const { id: _id, ...rest } = JSON.parse(JSON.stringify(schema).replaceAll(`"${DEFINED}`, `"${NAMED}`)) as JsonSchema;
  return rest;
}
