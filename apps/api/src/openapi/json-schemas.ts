import { z } from 'zod';

/** JSON Schema, draft 2020-12, which OpenAPI 3.1 is built on. */
export type JsonSchema = Record<string, unknown>;

const DEFINED = '#/$defs/';
const NAMED = '#/components/schemas/';

/**
 * Writes zod schemas for a document. What has an `id` in its `meta` stands in the document once, by that name.
 *
 * @see https://zod.dev/json-schema
 */
export function jsonSchemas() {
  const named: Record<string, JsonSchema> = {};

  const write = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
    // Wrapped, so that a schema with an id of its own becomes a reference as well.
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
    /** What is sent to a route. */
    input: (schema: z.ZodType): JsonSchema => write(schema, 'input'),
    /** What a route answers with. */
    output: (schema: z.ZodType): JsonSchema => write(schema, 'output'),
    /** Those that have a name, after all others were written. */
    named: (): Record<string, JsonSchema> => named,
  };
}

function relocate(schema: JsonSchema): JsonSchema {
  const { id: _id, ...rest } = JSON.parse(JSON.stringify(schema).replaceAll(`"${DEFINED}`, `"${NAMED}`)) as JsonSchema;
  return rest;
}
