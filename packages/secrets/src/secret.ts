import { randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
const KEY_BYTES = 32;

/** A new webhook secret: `whsec_` and the base64 of 32 random bytes, as Standard Webhooks writes symmetric secrets. */
export function createSecret(): string {
  return PREFIX + randomBytes(KEY_BYTES).toString('base64');
}

/** The HMAC key behind a secret. Throws when the text is not a `whsec_` secret. */
export function secretKey(secret: string): Buffer {
  if (!secret.startsWith(PREFIX)) throw new Error('A webhook secret starts with whsec_.');
  return Buffer.from(secret.slice(PREFIX.length), 'base64');
}
