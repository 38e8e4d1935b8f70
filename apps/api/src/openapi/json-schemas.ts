import { z } from 'zod';

/** A JSON Schema of draft 2020-12, as OpenAPI 3.1 uses it. */
export type JsonSchema = Record<string, unknown>;

const DEFINED = '#/$defs/';
const NAMED = '#/components/schemas/';

/**
 * Converts zod schemas to JSON Schemas of one OpenAPI document. A schema with an `id` in its `meta` is in the document once,
 * as a component with that name; other schemas refer to it.
 *
 * @see https://zod.dev/json-schema
 */
export function jsonSchemas() {
  const named: Record<string, JsonSchema> = {};

  const write = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
    // Wrapped in an object, so that a top-level schema with an `id` becomes a reference, too.
    const { $defs = {}, properties } = z.toJSONSchema(z.object({ schema }), {
      io,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
      },
    });
    for (const [name, definition] of Object.entries($defs)) named[name] = relocate(definition);
    return relocate((properties as { schema: JsonSchema }).schema);
  };

  return {
    /** Converts the schema of a request. */
    input: (schema: z.ZodType): JsonSchema => write(schema, 'input'),
    /** Converts the schema of a response. */
    output: (schema: z.ZodType): JsonSchema => write(schema, 'output'),
    /** Returns the named schemas. Call it after all schemas are converted. */
    named: (): Record<string, JsonSchema> => named,
  };
}

function relocate(schema: JsonSchema): JsonSchema {
  const { id: _id, ...rest } = JSON.parse(JSON.stringify(schema).replaceAll(`"${DEFINED}`, `"${NAMED}`)) as JsonSchema;
  return rest;
}
