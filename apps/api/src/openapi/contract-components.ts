import type { JsonSchema, WrittenSchema } from '@tidings/event-types';
import { normalizeContract, type Direction } from './normalize-schema.js';

/** The path of a document's schemas. */
export const SCHEMAS = '#/components/schemas/';

/**
 * Writes the schema of a contract as components of a document: one with the name, and one for each of its definitions, such as
 * `SyncCompletedData_address`. Names of other components have no `_`.
 *
 * @param write writes the schema, with the references that it is given
 */
export function contractComponents(
  name: string,
  direction: Direction,
  write: (referTo: (definition: string) => string) => WrittenSchema,
): Record<string, JsonSchema> {
  const prefix = `${SCHEMAS}${name}_`;
  const { schema, definitions } = write((definition) => prefix + definition);
  const resolve = (reference: string): unknown => definitions[reference.slice(prefix.length)];
  const components: Record<string, JsonSchema> = { [name]: normalizeContract(schema, direction, resolve) };
  for (const [definition, part] of Object.entries(definitions))
    components[`${name}_${definition}`] = normalizeContract(part, direction, resolve);
  return components;
}
