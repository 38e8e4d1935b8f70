export type { Audience, Contract, JsonSchema } from './contract.js';
export { compareContracts } from './compare/compare-contracts.js';
export type { Breaks, ContractChange, ContractChangeKind } from './compare/contract-change.js';
