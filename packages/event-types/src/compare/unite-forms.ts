import { compareShapes } from './compare-shapes.js';
import { ANY, NEVER, typesOf, type Form, type Forms, type JsonType, type Shape } from './shape.js';

/**
 * The forms of the values that have one of several shapes. Undefined when they cannot be written as one form for each type, as
 * those of two different objects.
 */
export function uniteForms(alternatives: readonly Forms[]): Forms | undefined {
  const united: Partial<Record<JsonType, Form>> = {};
  for (const type of typesOf(ANY)) {
    const forms = alternatives.map((forms) => forms[type]).filter((form) => form !== undefined);
    if (forms.length === 0) continue;
    const form = uniteOfType(type, forms);
    if (!form) return undefined;
    united[type] = form;
  }
  return united as Forms;
}

function uniteOfType(type: JsonType, forms: readonly Form[]): Form | undefined {
  const [first] = forms;
  const only = (form: Form | undefined): Shape => ({ ...NEVER, forms: { [type]: form } });
  const unlimited = ANY.forms[type];
  // Not objects: where one alternative names fields, validators refuse what none of them names.
  if (type !== 'object' && forms.includes(unlimited as Form)) return unlimited;
  if (forms.every((form) => form === first || compareShapes('', only(first), only(form)).length === 0)) return first;
  const hasOnlyValues =
    type !== 'array' && type !== 'object' && forms.every(({ values, undecided }) => values && undecided.size === 0);
  if (!hasOnlyValues) return undefined;
  return { ...first, undecided: new Map(), values: new Map(forms.flatMap(({ values }) => [...(values ?? [])])) };
}
