import type { FieldError } from '@tidings/events';
import type { Contract } from './contract.js';
import { checkSchema } from './schema/check-schema.js';
import { compileContract } from './validate/compile-contract.js';

/** Returns every fault of a contract's schema, as `checkSchema` does; if it has none, those of examples that do not fit it (`examples[0].x`). */
export function checkContract(contract: Contract, examples: readonly unknown[]): FieldError[] {
  const faults = checkSchema(contract.schema, contract);
  if (faults.length > 0) return faults;
  const { validate } = compileContract(contract);
  return examples.flatMap((example, index) =>
    validate(example).map(({ field, message }) => ({ field: field.replace(/^data/, `examples[${String(index)}]`), message })),
  );
}
