import type { Contract } from '../contract.js';
import type { Node } from './check-references.js';
import type { Faults } from './faults.js';
import { isObject } from './vocabulary.js';
import { pointerOf, toPointer } from './walk-schema.js';

/** Checks that the data always names its owner: by a required field at the top that is a string. */
export function checkOwnerField(
  { audience, ownerField }: Pick<Contract, 'audience' | 'ownerField'>,
  nodes: readonly Node[],
  faults: Faults,
): void {
  if (audience !== 'owner') return;
  const root = nodes[0]?.schema;
  if (!isObject(root)) return;
  const { properties, required } = root;
  if (!isObject(properties) || !Object.hasOwn(properties, ownerField)) {
    faults.add(['properties', ownerField], 'is missing: the owner of an event is named by it, a string');
    return;
  }
  if (typeOf(properties[ownerField], nodes) !== 'string') {
    faults.add(['properties', ownerField, 'type'], 'must be "string", as the field names the owner of an event');
  }
  if (!Array.isArray(required) || !required.includes(ownerField)) {
    faults.add(['required'], `must have "${ownerField}" in it, as the field names the owner of an event`);
  }
}

/** The type that a subschema says, or the part that it refers to. */
function typeOf(schema: unknown, nodes: readonly Node[]): unknown {
  const seen = new Set<unknown>();
  let part = schema;
  while (isObject(part) && part['type'] === undefined && typeof part['$ref'] === 'string' && !seen.has(part)) {
    seen.add(part);
    const pointer = pointerOf(part['$ref']);
    part = nodes.find(({ place }) => toPointer(place) === pointer)?.schema;
  }
  return isObject(part) ? part['type'] : undefined;
}
