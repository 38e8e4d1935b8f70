export type { Audience, Contract, JsonSchema } from './contract.js';
export { compareContracts } from './compare/compare-contracts.js';
export type { Breaks, ContractChange, ContractChangeKind } from './compare/contract-change.js';
export { checkSchema } from './schema/check-schema.js';
export { compileContract, type CompiledContract } from './validate/compile-contract.js';
