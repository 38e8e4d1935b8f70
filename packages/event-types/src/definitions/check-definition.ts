import { parseInWords, toFieldErrors, type FieldError } from '@tidings/events';
import { checkSchema } from '../schema/check-schema.js';
import { compileContract } from '../validate/compile-contract.js';
import { contractOf, definitionJson, type Definition } from './definition.js';

/** Checks a definition: its fields, its schema, and whether its examples fit. Returns it with its defaults, or every fault. */
export function checkDefinition(value: unknown): { definition: Definition } | { faults: readonly FieldError[] } {
  const parsed = parseInWords(definitionJson, value);
  if (!parsed.success) return { faults: toFieldErrors(parsed.error) };
  const definition = parsed.data;
  const contract = contractOf(definition);
  const faults = checkSchema(definition.schema, contract);
  if (faults.length > 0) return { faults };
  const { validate } = compileContract(contract);
  const wrong = definition.examples.flatMap((example, index) =>
    validate(example).map(({ field, message }) => ({ field: field.replace('data', `examples[${String(index)}]`), message })),
  );
  return wrong.length > 0 ? { faults: wrong } : { definition };
}
