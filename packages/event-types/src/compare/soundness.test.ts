import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { arbitraryVersions } from '../../test/compare/arbitrary-contracts.js';
import { dataOf } from '../../test/compare/data.js';
import { readerOf, validatorOf } from '../../test/compare/judge.js';
import { compareContracts } from './compare-contracts.js';
import { checkSchema } from '../schema/check-schema.js';
import { brokenBy } from './contract-change.js';

const RUNS = Number(process.env['CONTRACT_RUNS'] ?? 300);
const SAMPLES = 30;

test('data stays valid when the comparison says that publishers do not break, and was valid when receivers do not', () => {
  const seen = { valid: 0, changed: 0, publishersSafe: 0, receiversSafe: 0 };
  fc.assert(
    fc.property(arbitraryVersions, fc.nat(), ([before, after], seed) => {
      const changes = compareContracts(before, after);
      const broken = brokenBy(changes);
      if (broken.length === 2 || [before, after].some((contract) => checkSchema(contract.schema, contract).length > 0)) return;
      const [isValidBefore, isValidAfter] = [validatorOf(before), validatorOf(after)];
      const understands = readerOf(before);
      const hasNewFields = changes.some(({ kind }) => kind === 'field_added');
      seen.changed += changes.length > 0 ? 1 : 0;
      seen.publishersSafe += broken.includes('publishers') ? 0 : 1;
      seen.receiversSafe += broken.includes('receivers') ? 0 : 1;
      for (let index = 0; index < SAMPLES; index += 1) {
        const data = dataOf((index % 2 ? before : after).schema, seed + index);
        const [wasValid, isValid] = [isValidBefore(data), isValidAfter(data)];
        if (wasValid) seen.valid += 1;
        if (!broken.includes('publishers') && wasValid && !isValid) throw new Error(`is refused: ${JSON.stringify(data)}`);
        if (broken.includes('receivers') || !isValid) continue;
        if (!understands(data)) throw new Error(`is unknown to receivers: ${JSON.stringify(data)}`);
        if (!hasNewFields && !wasValid) throw new Error(`was not allowed: ${JSON.stringify(data)}`);
      }
    }),
    // Without shrinking, which takes minutes.
    { numRuns: RUNS, endOnFailure: true },
  );
  // Neither the contracts nor the data are so strange that nothing is tried.
  expect(seen.valid).toBeGreaterThan(RUNS);
  for (const count of [seen.changed, seen.publishersSafe, seen.receiversSafe]) expect(count).toBeGreaterThan(RUNS / 10);
});
