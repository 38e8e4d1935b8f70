export { createSecret, secretKey } from './secret.js';
export { createSeal, parseSealKeys, sealedFor, type Seal, type SealKey } from './seal.js';
