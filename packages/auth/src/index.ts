export type { Algorithm } from './algorithms.js';
export { parseClaimName, readClaim, type ClaimName } from './claim-names.js';
export { fetchKeySet } from './fetch-key-set.js';
export { isTokenRevoked, TOKEN_ID, type Revoked } from './claims.js';
export { findKeys, hasUsableKey, parseKeySet, type KeySet } from './key-set.js';
export { MIN_SECRET_BYTES, secretsIn } from './secrets.js';
export { signToken } from './sign-token.js';
export {
  MAX_CLOCK_TOLERANCE_S,
  tokenConfig,
  tokenMistakes,
  tokenNotices,
  tokenSettings,
  type KeySource,
  type TokenConfig,
} from './token-settings.js';
export { TOKEN_REMEDIES } from './token-remedies.js';
export {
  explainToken,
  readTokenToRevoke,
  verifyToken,
  type Caller,
  type FindKeys,
  type TokenFault,
  type TokenJudgement,
  type TokenRules,
} from './verify-token.js';
