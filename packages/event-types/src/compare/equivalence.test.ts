import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { arbitraryContract, arbitraryVersions } from '../../test/compare/arbitrary-contracts.js';
import { mulberry32 } from '../../test/compare/data.js';
import { rewrite } from '../../test/compare/rewrite.js';
import { compareContracts } from './compare-contracts.js';
import type { ContractChange, ContractChangeKind } from './contract-change.js';

const RUNS = { numRuns: Number(process.env['CONTRACT_RUNS'] ?? 300), endOnFailure: true };

test('a contract does not differ from itself', () => {
  fc.assert(
    fc.property(arbitraryContract, (contract) => {
      expect(compareContracts(contract, structuredClone(contract))).toEqual([]);
    }),
    RUNS,
  );
});

test('a contract does not differ from one that is written in another way', () => {
  fc.assert(
    fc.property(arbitraryContract, fc.nat(), (contract, seed) => {
      const other = { ...contract, schema: rewrite(contract.schema, mulberry32(seed)) };
      if (isUndecidedAsWhole(contract.schema)) return;
      expect(compareContracts(contract, other)).toEqual([]);
    }),
    RUNS,
  );
});

test('the way back changes the same places, and what was added is removed', () => {
  fc.assert(
    fc.property(arbitraryVersions, ([before, after]) => {
      const [there, back] = [compareContracts(before, after), compareContracts(after, before)];
      const pathsOf = (changes: readonly ContractChange[], kind?: ContractChangeKind): Set<string> =>
        new Set(changes.filter((change) => kind === undefined || change.kind === kind).map(({ path }) => path));
      expect(pathsOf(back)).toEqual(pathsOf(there));
      expect(pathsOf(back, 'enum_grown')).toEqual(pathsOf(there, 'enum_shrunk'));
      expect(pathsOf(back, 'unknown_fields_kept')).toEqual(pathsOf(there, 'unknown_fields_refused'));
      const removed = pathsOf(back, 'field_removed');
      for (const path of pathsOf(there, 'field_added')) expect(removed).toContain(path);
    }),
    RUNS,
  );
});

/** Whether some keyword is compared with all that stands beside it, as it is written. */
function isUndecidedAsWhole(schema: unknown): boolean {
  return /"(unevaluated|patternProperties|propertyNames|not|anyOf|oneOf|allOf|if|dependent|contains)|,"\$ref"|"\$ref":"[^"]*",/.test(
    JSON.stringify(schema),
  );
}
