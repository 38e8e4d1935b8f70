import type { Options, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonSchema } from '../contract.js';
import { compilePattern } from '../schema/pattern.js';
import { Budget } from './budget.js';
import { addKeywords } from './keywords.js';

/** Compiles schemas with Ajv, and runs what it compiled within a budget. */
export interface Compiler {
  compile: (schema: JsonSchema) => ValidateFunction;
  /** Throws a `TooManyChecksError` for data that takes more checks than that. */
  run: (validate: ValidateFunction, data: unknown, checks: number) => boolean;
}

/** Creates a compiler. Validations never overlap in time, so that all of one compiler share a budget. */
export function createCompiler({ allErrors }: { allErrors: boolean }): Compiler {
  const budget = new Budget();
  const ajv = new Ajv2020({
    allErrors,
    // `checkSchema` has checked it, in words for people.
    validateSchema: false,
    strict: false,
    logger: false,
    // `constructor` and `toString` are names like others.
    ownProperties: true,
    // The code grows with the schema as it is written, not with what it expands to.
    inlineRefs: false,
    // Of 0.1, 0.3 is a multiple, too, though 0.3 / 0.1 is 2.9999999999999996.
    multipleOfPrecision: 8,
    // Schemas of missing fields say what these must be.
    verbose: true,
    messages: false,
    // Optimising the code takes six times as long as writing it, and makes it no faster.
    code: { optimize: false, regExp: createRegExp(budget) },
  });
  addKeywords(ajv, budget);
  return {
    compile: (schema) => {
      const validate = ajv.compile(schema);
      // Ajv would hold each schema that it has ever seen.
      ajv.removeSchema(schema);
      return validate;
    },
    run: (validate, data, checks) => {
      budget.start(checks);
      return validate(data);
    },
  };
}

/** Makes Ajv match patterns with RE2. */
function createRegExp(budget: Budget): NonNullable<NonNullable<Options['code']>['regExp']> {
  const createPattern = (source: string) => {
    const pattern = compilePattern(source);
    if ('fault' in pattern) throw new Error(`The pattern ${JSON.stringify(source)} ${pattern.fault}.`);
    return {
      test: (text: string) => {
        budget.spend(pattern.costOf(text));
        return pattern.test(text);
      },
      // Ajv uses it as the pattern's name.
      toString: () => `/${source}/`,
    };
  };
  return Object.assign(createPattern as (source: string) => RegExp, { code: 'createPattern' });
}
