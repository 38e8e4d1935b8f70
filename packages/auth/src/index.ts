export { fetchKeySet } from './fetch-key-set.js';
export { parseKeySet, type KeySet } from './parse-key-set.js';
export { createRevocations, revokeToken, type Revocations } from './revocations.js';
export { signToken } from './sign-token.js';
export { tokenConfig, tokenMistakes, tokenSettings, type KeySource, type TokenConfig } from './token-settings.js';
export { verifyToken, type Caller, type FindKey, type TokenRules } from './verify-token.js';
