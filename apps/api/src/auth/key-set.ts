import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Algorithm, FindKey } from './verify-token.js';

/** Public keys by `kid`, each for one algorithm. */
export type KeySet = ReadonlyMap<string, { key: KeyObject; alg: Algorithm }>;

const MIN_RSA_BITS = 2048;
const jwks = z.object({
  keys: z.array(z.looseObject({ kid: z.string().min(1), kty: z.string() }).catch({ kid: '', kty: '' })).max(100),
});

/**
 * Reads a JSON Web Key Set (RFC 7517). What cannot verify RS256 or ES256 is left out: symmetric keys, keys for encryption,
 * RSA below 2,048 bits, other curves, and keys without a `kid`. Throws when the text is no key set.
 */
export function parseKeySet(text: string): KeySet {
  const found = jwks.parse(JSON.parse(text)).keys.flatMap((jwk) => {
    const { kid, use, key_ops: operations } = jwk as { kid: string; use?: unknown; key_ops?: unknown };
    const verifies = (use ?? 'sig') === 'sig' && (!Array.isArray(operations) || operations.includes('verify'));
    const usable = verifies && kid !== '' ? toPublicKey(jwk) : null;
    return usable === null || ('alg' in jwk && jwk['alg'] !== usable.alg) ? [] : ([[kid, usable]] as const);
  });
  return new Map(found);
}

/** The algorithm that a public key verifies, or null when it is too weak or of another kind. */
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

interface KeySetOptions {
  /** Gets the text of the key set, from wherever it is. */
  load: () => Promise<string>;
  /** After so long it is loaded again, in milliseconds; the keys that are known serve meanwhile, and while it cannot be loaded. */
  refreshMs: number;
  /** A `kid` that is unknown makes it be loaded, at most once in so many milliseconds: whoever can send tokens must not make a storm. */
  cooldownMs: number;
  log: { warn: (message: string, details: object) => void };
}

/** Finds keys in a set that changes: rotation needs no restart. */
export function createKeySet({ load, refreshMs, cooldownMs, log }: KeySetOptions): FindKey {
  let keys: KeySet = new Map();
  let loadedAt = -Infinity;
  let triedAt = -Infinity;
  let loading: Promise<void> | undefined;

  const reload = (): Promise<void> => {
    triedAt = performance.now();
    loading ??= load()
      .then((text) => {
        keys = parseKeySet(text);
        loadedAt = performance.now();
      })
      .catch((error: unknown) => {
        log.warn('The keys that verify tokens could not be loaded; those that are known are used.', { error });
      })
      .finally(() => {
        loading = undefined;
      });
    return loading;
  };

  return async ({ alg, kid }) => {
    if (kid === undefined) return null;
    const cooled = performance.now() - triedAt >= cooldownMs;
    if (!keys.has(kid)) await (cooled ? reload() : loading);
    else if (cooled && performance.now() - loadedAt >= refreshMs) void reload();
    const found = keys.get(kid);
    return found?.alg === alg ? found.key : null;
  };
}
