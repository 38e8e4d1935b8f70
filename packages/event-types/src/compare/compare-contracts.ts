import type { Contract } from '../contract.js';
import { undecided } from './changes-of-limit.js';
import { compareOwners } from './compare-owners.js';
import { compareShapes } from './compare-shapes.js';
import type { ContractChange } from './contract-change.js';
import { expandRefs } from './expand-refs.js';
import { UNKNOWN_FIELDS } from './path.js';
import { readShape } from './read-shape.js';
import type { Shape } from './shape.js';
import type { Schema } from './subschemas.js';
import { writeValue } from './write-value.js';

const ROOT = 'data';

/**
 * Lists what differs between two versions of an event type, and whom each difference breaks: publishers, if data that `before`
 * allows may be refused by `after`; receivers, if `after` allows what `before` does not. Receivers are expected to ignore fields that
 * they do not know, so that a new optional field breaks nobody where unknown ones were refused. A difference that the comparison
 * cannot decide, such as that of a `pattern`, counts as breaking both. Other ways of writing the same schema are no difference.
 *
 * Both contracts are expected to be valid. Empty: nothing differs.
 */
export function compareContracts(before: Contract, after: Contract): ContractChange[] {
  return [...compareOwners(before, after), ...compareData(before, after)];
}

function compareData(before: Contract, after: Contract): ContractChange[] {
  const [schema, newSchema] = [expandRefs(before.schema), expandRefs(after.schema)];
  if (schema === undefined || newSchema === undefined) {
    const isSame = before.unknownFields === after.unknownFields && writeValue(before.schema) === writeValue(after.schema);
    return isSame ? [] : [undecided(ROOT, 'The schema changed, and one of its references cannot be followed')];
  }
  return onceForContract(compareShapes(ROOT, readData(schema, before), readData(newSchema, after)));
}

/** The shape of data, which is always an object, whatever else the schema allows. */
function readData(schema: Schema, { unknownFields }: Contract): Shape {
  const { annotations, forms } = readShape(schema, unknownFields);
  return { annotations, forms: forms.object ? { object: forms.object } : {} };
}

/** What the contract says of unknown fields holds for many objects, and changes once. */
function onceForContract(changes: readonly ContractChange[]): ContractChange[] {
  const first = changes.find(({ path }) => path === UNKNOWN_FIELDS);
  return changes.filter((change) => change === first || change.path !== UNKNOWN_FIELDS);
}
