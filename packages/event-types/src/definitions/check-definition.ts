import { parseInWords, toFieldErrors, type FieldError } from '@tidings/events';
import { checkContract } from '../check-contract.js';
import { contractOf, definitionJson, type Definition } from './definition.js';

/** Checks a definition: its fields, its schema, and whether its examples fit. Returns it with its defaults, or every fault. */
export function checkDefinition(value: unknown): { definition: Definition } | { faults: readonly FieldError[] } {
  const parsed = parseInWords(definitionJson, value);
  if (!parsed.success) return { faults: toFieldErrors(parsed.error) };
  const definition = parsed.data;
  const faults = checkContract(contractOf(definition), definition.examples);
  return faults.length > 0 ? { faults } : { definition };
}
