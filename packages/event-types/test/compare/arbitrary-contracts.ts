import fc from 'fast-check';
import type { Contract } from '../../src/contract.js';
import { arbitrarySchema } from './arbitrary-schema.js';
import { arbitraryEdit, mutate } from './mutate.js';

const unknownFields = fc.constantFrom<Contract['unknownFields']>('refuse', 'refuse', 'keep');
const everyone = { audience: 'everyone', ownerField: 'user_id' } as const;

/** A contract for everyone. */
export const arbitraryContract: fc.Arbitrary<Contract> = fc
  .tuple(arbitrarySchema, unknownFields)
  .map(([schema, mode]) => ({ ...everyone, schema, unknownFields: mode }));

/** A contract, and a version of it in which up to three places of the schema are changed, and sometimes what becomes of unknown fields. */
export const arbitraryVersions: fc.Arbitrary<[Contract, Contract]> = fc
  .tuple(arbitraryContract, fc.array(arbitraryEdit, { minLength: 1, maxLength: 3 }), unknownFields, fc.nat(4))
  .map(([before, edits, mode, rare]) => {
    const after = { ...before, schema: mutate(before.schema, edits) };
    return [before, rare === 0 ? { ...after, unknownFields: mode } : after];
  });
