export type { Audience, Contract, JsonSchema } from './contract.js';
