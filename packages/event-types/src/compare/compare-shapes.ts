import { compareForms } from './compare-forms.js';
import { compareValues } from './compare-values.js';
import { narrowed, undecided, widened } from './changes-of-limit.js';
import type { ContractChange } from './contract-change.js';
import { sayKeywords, sayTypes } from './say.js';
import { typesOf, type Form, type JsonType, type Shape } from './shape.js';

/** Lists what differs between two shapes, with whom each difference breaks. */
export function compareShapes(path: string, before: Shape, after: Shape): ContractChange[] {
  return [...compareLimits(path, before, after), ...compareAnnotations(path, before, after)];
}

function compareLimits(path: string, before: Shape, after: Shape): ContractChange[] {
  if (before.forms === after.forms) return [];
  const [types, newTypes] = [typesOf(before), typesOf(after)];
  const both = types.filter((type) => newTypes.includes(type));
  if (types.length > 0 && newTypes.length > 0 && both.length === 0) return [typeChanged(path, types, newTypes)];

  const [values, newValues] = [enumerationOf(before), enumerationOf(after)];
  const isEnumeration = values && newValues;
  const options = { areValuesCompared: isEnumeration !== undefined, compareShapes };
  return [
    ...(isEnumeration ? compareValues(path, values, newValues) : compareTypes(path, types, newTypes)),
    ...compareUndecided(path, before, after, both),
    ...both.flatMap((type) => compareForms(path, type, before.forms[type] as Form, after.forms[type] as Form, options)),
  ];
}

function compareTypes(path: string, before: readonly JsonType[], after: readonly JsonType[]): ContractChange[] {
  const lost = before.filter((type) => !after.includes(type));
  const gained = after.filter((type) => !before.includes(type));
  if (lost.length > 0 && gained.length > 0) return [typeChanged(path, before, after)];
  if (lost.length > 0) return [narrowed(path, `It can no longer be ${sayTypes(lost)}`)];
  return gained.length > 0 ? [widened(path, `It can now be ${sayTypes(gained)}, too`)] : [];
}

function typeChanged(path: string, before: readonly JsonType[], after: readonly JsonType[]): ContractChange {
  return {
    path,
    kind: 'field_type_changed',
    breaks: ['publishers', 'receivers'],
    message: `The type changed from ${sayTypes(before)} to ${sayTypes(after)}: publishers that send the old type are refused, and receivers may get the new one.`,
  };
}

/** Limits that the comparison can only tell apart, each named once however many types it is for. */
function compareUndecided(path: string, before: Shape, after: Shape, types: readonly JsonType[]): ContractChange[] {
  const keywords = new Set<string>();
  for (const type of types) {
    const [one, other] = [before.forms[type]?.undecided, after.forms[type]?.undecided];
    for (const keyword of [...(one?.keys() ?? []), ...(other?.keys() ?? [])]) {
      if (one?.get(keyword) !== other?.get(keyword)) keywords.add(keyword);
    }
  }
  return keywords.size > 0 ? [undecided(path, `The limits of ${sayKeywords([...keywords])} changed`)] : [];
}

/** The values of a shape that lists them. Undefined: it allows others, or only the whole types `null` and `boolean`. */
function enumerationOf(shape: Shape): ReadonlyMap<string, unknown> | undefined {
  const forms = Object.entries(shape.forms) as [JsonType, Form][];
  if (forms.some(([, { values }]) => !values) || forms.every(([type, form]) => isWholeType(type, form))) return undefined;
  return new Map(forms.flatMap(([, { values }]) => [...(values ?? [])]));
}

function compareAnnotations(path: string, before: Shape, after: Shape): ContractChange[] {
  const changes: ContractChange[] = [];
  if (before.annotations.personal !== after.annotations.personal) {
    const message = 'What the schema says about personal data (x-personal) changed, which validation ignores: it breaks nobody.';
    changes.push({ path, kind: 'personal_changed', breaks: [], message });
  }
  if (before.annotations.documentation !== after.annotations.documentation) {
    const message = 'The documentation changed, which validation ignores: it breaks nobody.';
    changes.push({ path, kind: 'documentation_changed', breaks: [], message });
  }
  return changes;
}

function isWholeType(type: JsonType, { values }: Form): boolean {
  return type === 'null' || (type === 'boolean' && values?.size === 2);
}
