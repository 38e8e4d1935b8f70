export { sign, type SignedContent, type SignInput } from './sign.js';
export { verify, type VerifyInput } from './verify.js';
