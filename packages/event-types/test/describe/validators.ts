import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { WrittenSchema } from '../../src/schema/definitions.js';
import type { Validator } from '../compare/judge.js';

const OPTIONS = { strict: false, logger: false } as const;

/** Whether data is valid under a schema that was written for a document of draft 2020-12, as other validators decide it. */
export function validatorOf2020({ schema, definitions }: WrittenSchema): Validator {
  return new Ajv2020(OPTIONS).compile({ ...schema, $defs: definitions });
}

/** The same for draft 07. */
export function validatorOf07({ schema, definitions }: WrittenSchema): Validator {
  return new Ajv(OPTIONS).compile({ ...schema, definitions });
}
