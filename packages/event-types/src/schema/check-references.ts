import { MAX_EXPANDED_LEVELS, MAX_SUBSCHEMAS } from './bounds.js';
import type { Faults, Place } from './faults.js';
import { isObject } from './vocabulary.js';
import { pointerOf, subschemasOf, toPointer } from './walk-schema.js';

/** A subschema with its place. */
export interface Node {
  place: Place;
  schema: unknown;
}

interface Extent {
  count: number;
  levels: number;
}

/**
 * Checks each `$ref`: that it is local, leads to a subschema and never back to itself. Counts the subschemas with each `$ref`
 * as what it refers to, without writing that out: its extent is computed once.
 */
export function checkReferences(nodes: readonly Node[], faults: Faults): void {
  const byPointer = new Map(nodes.map((node) => [toPointer(node.place), node]));
  const extents = new Map<Node, Extent | 'open'>();

  const targetOf = ({ place, schema }: Node): Node | undefined => {
    const reference = isObject(schema) ? schema['$ref'] : undefined;
    if (typeof reference !== 'string') return undefined;
    const pointer = pointerOf(reference);
    if (pointer === undefined) {
      faults.add([...place, '$ref'], 'must refer to a part of this schema, such as "#/$defs/name": nothing else is read');
      return undefined;
    }
    const target = byPointer.get(pointer);
    if (target === undefined) faults.add([...place, '$ref'], 'refers to a part that the schema does not have');
    return target;
  };

  const extentOf = (node: Node): Extent => {
    const known = extents.get(node);
    if (known !== undefined && known !== 'open') return known;
    extents.set(node, 'open');
    const extent = { count: 1, levels: 1 };
    const add = (inner: Node): void => {
      const { count, levels } = extentOf(inner);
      extent.count += count;
      extent.levels = Math.max(extent.levels, levels + 1);
    };
    const target = targetOf(node);
    const isRecursive = target !== undefined && (extents.get(target) === 'open' || isWithin(node, target));
    if (isRecursive) faults.add([...node.place, '$ref'], 'leads back to itself: schemas cannot be recursive');
    else if (target !== undefined) add(target);
    for (const { path, position } of isObject(node.schema) ? subschemasOf(node.schema) : []) {
      const inner = byPointer.get(toPointer([...node.place, ...path]));
      if (inner === undefined || extents.get(inner) === 'open') continue;
      // What is only defined counts where it is used.
      if (position === 'definition') extentOf(inner);
      else add(inner);
    }
    extents.set(node, extent);
    return extent;
  };

  const [root] = nodes;
  if (root === undefined) return;
  const { count, levels } = extentOf(root);
  if (count > MAX_SUBSCHEMAS) {
    faults.add([], `has more than ${MAX_SUBSCHEMAS.toLocaleString('en')} subschemas, the limit, once each $ref is followed`);
  }
  if (levels > MAX_EXPANDED_LEVELS) {
    faults.add([], `is nested more than ${String(MAX_EXPANDED_LEVELS)} subschemas deep once each $ref is followed`);
  }
}

/** Whether a node is a part of another one, or that one itself. */
function isWithin({ place }: Node, outer: Node): boolean {
  return outer.place.every((segment, index) => place[index] === segment);
}
