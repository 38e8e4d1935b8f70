export { openHeaders, sealHeaders, type HeadersOwner } from './headers.js';
export { MAX_PREVIOUS_SECRETS, parsePreviousSecrets, rotate, stillValid, type PreviousSecret } from './rotation.js';
export { createSecret, secretKey } from './secret.js';
export { createCanOpen, openColumns } from './can-open.js';
export { createSeal, parseSealKeys, sealedFor, sealedWith, type Seal, type SealKey } from './seal.js';
