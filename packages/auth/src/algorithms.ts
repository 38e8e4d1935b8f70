import type { KeyObject } from 'node:crypto';

/** The algorithms of asymmetric keys. `EdDSA` is the name in RFC 8037, `Ed25519` that of RFC 9864 for the same signatures. */
export const ASYMMETRIC = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** The algorithms that a token may be signed with. */
export type Algorithm = 'HS256' | (typeof ASYMMETRIC)[number];

const MIN_RSA_BITS = 2048;
/** The one algorithm of each curve (RFC 7518, 3.4), by OpenSSL's names of the curves. */
const OF_CURVE: Partial<Record<string, Algorithm>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

/** Returns the algorithms that a public key verifies; none when the key is too weak or of another kind. */
export function algorithmsOf(key: KeyObject): readonly Algorithm[] {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') {
    return modulusLength >= MIN_RSA_BITS ? ASYMMETRIC.filter((name) => /^[RP]S/.test(name)) : [];
  }
  if (key.asymmetricKeyType === 'ed25519') return ['EdDSA', 'Ed25519'];
  const ofCurve = key.asymmetricKeyType === 'ec' ? OF_CURVE[namedCurve] : undefined;
  return ofCurve === undefined ? [] : [ofCurve];
}
