export { createKeys, findKeys, keepKeys, type Keys } from './keys.js';
export { signToken, type TokenClaims } from './token.js';
