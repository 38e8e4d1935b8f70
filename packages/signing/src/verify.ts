import { timingSafeEqual } from 'node:crypto';
import { digest, type SignInput } from './sign.js';

/** The input of {@link verify}. */
export interface VerifyInput extends SignInput {
  /** The `webhook-signature` header: one or more signatures, separated by spaces. */
  signature: string;
}

/**
 * Returns whether any of the signatures was made with any of the keys. Does not check the age of the timestamp: the caller
 * has to. Ignores signatures of versions other than `v1`.
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
