import { timingSafeEqual } from 'node:crypto';
import { digest, type SignInput } from './sign.js';

export interface VerifyInput extends SignInput {
  /** The `webhook-signature` header: one or more signatures, a space between. */
  signature: string;
}

/**
 * Whether any of the signatures was made with any of the keys. How old the timestamp may be is the caller's to decide.
 * Signatures of other versions than `v1` are passed over.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (Verifying signatures)
 */
export function verify({ signature, keys, ...content }: VerifyInput): boolean {
  const digests = keys.map((key) => digest(content, key));
  return signature.split(' ').some((entry) => {
    const [version, base64 = ''] = entry.split(',');
    const given = Buffer.from(base64, 'base64');
    return version === 'v1' && digests.some((expected) => expected.length === given.length && timingSafeEqual(expected, given));
  });
}
