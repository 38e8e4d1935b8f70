import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { arbitraryContract } from '../../test/compare/arbitrary-contracts.js';
import { dataOf } from '../../test/compare/data.js';
import { validatorOf } from '../../test/compare/judge.js';
import { validatorOf07, validatorOf2020 } from '../../test/describe/validators.js';
import { checkSchema } from '../schema/check-schema.js';
import { publishedSchema } from './published-schema.js';
import { receivedSchema } from './received-schema.js';
import { toDraft07 } from './to-draft-07.js';

const RUNS = Number(process.env['CONTRACT_RUNS'] ?? 150);
const SAMPLES = 20;

/** Tries data of many contracts. Returns how much of it was valid. */
function tryContracts(judge: (contract: Parameters<typeof validatorOf>[0]) => (data: unknown, isValid: boolean) => void): number {
  let valid = 0;
  const property = fc.property(arbitraryContract, fc.nat(), (contract, seed) => {
    if (checkSchema(contract.schema, contract).length > 0) return;
    const [isValid, check] = [validatorOf(contract), judge(contract)];
    for (let index = 0; index < SAMPLES; index += 1) {
      const data = dataOf(contract.schema, seed + index);
      valid += isValid(data) ? 1 : 0;
      check(data, isValid(data));
    }
  });
  fc.assert(property, { numRuns: RUNS, endOnFailure: true });
  return valid;
}

test('the schema for publishers allows exactly the data that the contract allows', () => {
  const valid = tryContracts((contract) => {
    const allows = validatorOf2020(publishedSchema(contract));
    return (data, isValid) => {
      if (allows(data) !== isValid) throw new Error(`${JSON.stringify(data)} should be ${isValid ? 'allowed' : 'refused'}`);
    };
  });
  expect(valid).toBeGreaterThan(RUNS);
});

test('the schema for receivers allows all data that the contract allows, and all that it allows when it keeps unknown fields', () => {
  const valid = tryContracts((contract) => {
    const allows = validatorOf2020(receivedSchema(contract));
    const isValidWithMore = validatorOf({ ...contract, unknownFields: 'keep' });
    return (data, isValid) => {
      if ((isValid || isValidWithMore(data)) && !allows(data)) throw new Error(`${JSON.stringify(data)} is refused`);
    };
  });
  expect(valid).toBeGreaterThan(RUNS);
});

test('draft 07 allows all data that draft 2020-12 allows, and no more unless its description says so', () => {
  let said = 0;
  const valid = tryContracts((contract) => {
    const schema = receivedSchema(contract);
    const converted = toDraft07(schema);
    const [allows, allows07] = [validatorOf2020(schema), validatorOf07(converted)];
    const saysMore = JSON.stringify(converted).includes('draft 07 cannot express');
    said += saysMore ? 1 : 0;
    return (data) => {
      if (allows(data) && !allows07(data)) throw new Error(`${JSON.stringify(data)} is refused`);
      if (!saysMore && !allows(data) && allows07(data)) throw new Error(`${JSON.stringify(data)} is allowed`);
    };
  });
  expect(valid).toBeGreaterThan(RUNS);
  expect(said).toBeLessThan(RUNS / 2);
});
