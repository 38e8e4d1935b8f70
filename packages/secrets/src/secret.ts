import { randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
const KEY_BYTES = 32;

/** Creates a webhook secret: `whsec_` and the base64 of 32 random bytes, the format of Standard Webhooks for symmetric secrets. */
export function createSecret(): string {
  return PREFIX + randomBytes(KEY_BYTES).toString('base64');
}

/** Returns the HMAC key of a secret. Throws when the text does not start with `whsec_`. */
export function secretKey(secret: string): Buffer {
  if (!secret.startsWith(PREFIX)) throw new Error('A webhook secret starts with whsec_.');
  return Buffer.from(secret.slice(PREFIX.length), 'base64');
}
