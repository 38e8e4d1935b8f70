import { OWNER_ID, OWNER_ID_RULE, type FieldError } from '@tidings/events';
import type { AnySchema, ErrorObject, ValidateFunction } from 'ajv';
import type { Contract, JsonSchema } from '../contract.js';
import { fieldPath } from '../field-path.js';
import { isObject } from '../schema/vocabulary.js';
import { MAX_CHECKS, MAX_CHECKS_FOR_ALL_ERRORS, TooManyChecksError } from './budget.js';
import { addCharges } from './charges.js';
import { closeSchema } from './close-schema.js';
import { createCompiler } from './compiler.js';
import { describeTypes } from './describe-error.js';
import { describeErrors } from './describe-errors.js';

/** A contract whose schema is compiled. */
export interface CompiledContract {
  /**
   * Validates the data of an event: parsed JSON of at most 256 KiB and 32 levels. Returns an error for each wrong field, whose path
   * begins with `data`, at most 100; none: the data is valid. For data that takes long to check, only the first one is named.
   */
  validate: (data: unknown) => FieldError[];
}

const forFirstError = createCompiler({ allErrors: false });
const forAllErrors = createCompiler({ allErrors: true });

/**
 * Compiles a contract whose schema `checkSchema` has no fault of: once for each version, as it takes 0.1 ms for each
 * subschema. Throws for other schemas.
 */
export function compileContract(contract: Contract): CompiledContract {
  const schema = addCharges(closeSchema(contract));
  const first = forFirstError.compile(schema);
  // Compiled when the first wrong data comes: most contracts see none in a process's life.
  let all: ValidateFunction | undefined;

  const findErrors = (data: unknown): readonly ErrorObject[] => {
    if (forFirstError.run(first, data, MAX_CHECKS)) return [];
    try {
      all ??= forAllErrors.compile(schema);
      if (!forAllErrors.run(all, data, MAX_CHECKS_FOR_ALL_ERRORS)) return all.errors ?? [];
    } catch (error) {
      if (!(error instanceof TooManyChecksError)) throw error;
    }
    return first.errors ?? [];
  };

  return {
    validate: (data) => {
      try {
        const errors = describeErrors(findErrors(data), data, (error, name) => describeTypes(typeOf(schema, error, name)));
        return errors.length > 0 ? errors : ownerErrors(contract, data);
      } catch (error) {
        if (!(error instanceof TooManyChecksError)) throw error;
        return [{ field: 'data', message: TOO_COSTLY }];
      }
    },
  };
}

const TOO_COSTLY = `takes more than ${MAX_CHECKS.toLocaleString('en')} checks against its schema, the limit: send fewer items or shorter texts at once, or give the schema fewer alternatives and simpler patterns`;

function ownerErrors({ audience, ownerField }: Contract, data: unknown): FieldError[] {
  if (audience !== 'owner') return [];
  const owner = isObject(data) && Object.hasOwn(data, ownerField) ? data[ownerField] : undefined;
  return typeof owner === 'string' && OWNER_ID.test(owner)
    ? []
    : [{ field: fieldPath(['data', ownerField]), message: OWNER_ID_RULE }];
}

/** The type of a missing field, from the schema that requires it or what that refers to. */
function typeOf(root: JsonSchema, { parentSchema }: ErrorObject, name: string): unknown {
  const properties: unknown = parentSchema?.['properties'];
  let part: unknown = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  const definitions = root['$defs'] as Record<string, AnySchema>;
  while (isObject(part) && part['type'] === undefined && typeof part['$ref'] === 'string') {
    part = definitions[part['$ref'].slice('#/$defs/'.length)];
  }
  return isObject(part) ? part['type'] : undefined;
}
