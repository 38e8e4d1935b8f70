import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

/** The algorithms that a token may be signed with. */
export type Algorithm = 'HS256' | 'RS256' | 'ES256';

/** Public keys by `kid`, each for one algorithm. */
export type KeySet = ReadonlyMap<string, { key: KeyObject; alg: Algorithm }>;

const MIN_RSA_BITS = 2048;
const jwks = z.object({
  keys: z.array(z.looseObject({ kid: z.string().min(1), kty: z.string() }).catch({ kid: '', kty: '' })).max(100),
});

/**
 * Parses a JSON Web Key Set (RFC 7517). Leaves out keys that cannot verify RS256 or ES256: symmetric keys, keys for encryption,
 * RSA keys below 2,048 bits, other curves, keys without a `kid`, and keys whose private half is published. Throws when the text
 * is not a key set.
 */
export function parseKeySet(text: string): KeySet {
  const found = jwks.parse(JSON.parse(text)).keys.flatMap((jwk) => {
    const { kid, use, key_ops: operations } = jwk as { kid: string; use?: unknown; key_ops?: unknown };
    const verifies = (use ?? 'sig') === 'sig' && (!Array.isArray(operations) || operations.includes('verify'));
    const usable = verifies && kid !== '' && !('d' in jwk) ? toPublicKey(jwk) : null;
    return usable === null || ('alg' in jwk && jwk['alg'] !== usable.alg) ? [] : ([[kid, usable]] as const);
  });
  return new Map(found);
}

/** Returns the algorithm that a public key verifies; null when the key is too weak or of another kind. */
export function algorithmOf(key: KeyObject): Algorithm | null {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= MIN_RSA_BITS) return 'RS256';
  return key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1' ? 'ES256' : null;
}

function toPublicKey(jwk: JsonWebKey): { key: KeyObject; alg: Algorithm } | null {
  if (jwk.kty !== 'RSA' && jwk.kty !== 'EC') return null;
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const alg = algorithmOf(key);
    return alg && { key, alg };
  } catch {
    return null;
  }
}
