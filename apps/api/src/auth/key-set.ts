import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { Problem } from '../problems/problem.js';
import type { Algorithm, FindKey } from './verify-token.js';

/** Public keys by `kid`, each for one algorithm. */
export type KeySet = ReadonlyMap<string, { key: KeyObject; alg: Algorithm }>;

const MIN_RSA_BITS = 2048;
const jwks = z.object({
  keys: z.array(z.looseObject({ kid: z.string().min(1), kty: z.string() }).catch({ kid: '', kty: '' })).max(100),
});

/**
 * Reads a JSON Web Key Set (RFC 7517). What cannot verify RS256 or ES256 is left out: symmetric keys, keys for encryption,
 * RSA below 2,048 bits, other curves, keys without a `kid`, and keys whose private half is published. Throws when the text is no key set.
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

export interface KeySetOptions {
  /** Gets the text of the key set, from wherever it is. */
  load: () => Promise<string>;
  /** A `kid` that is unknown makes it be loaded, at most once in so many milliseconds: whoever can send tokens must not make a storm. */
  cooldownMs: number;
  log: { warn: (message: string, details: object) => void; info: (message: string, details: object) => void };
}

/** The keys of one who issues tokens. */
export interface IssuerKeys {
  /** Rejects with a 503 as long as no set could be loaded: then nobody can tell a valid token from another. */
  find: FindKey;
  /** Loads the set again. Whatever happens, the keys that are known serve meanwhile; never rejects. */
  refresh: () => Promise<void>;
}

/** Finds keys in a set that changes: rotation needs no restart. A set that was loaded replaces the one before as a whole. */
export function createKeySet({ load, cooldownMs, log }: KeySetOptions): IssuerKeys {
  let keys: KeySet | undefined;
  let triedAt = -Infinity;
  let loading: Promise<void> | undefined;
  let failing = false;

  const loadOnce = async (): Promise<void> => {
    try {
      keys = parseKeySet(await load());
      if (failing) log.info('The keys that verify tokens were loaded again.', { keys: [...keys.keys()] });
      failing = false;
    } catch (error) {
      // Said once: a file is tried again every two seconds.
      if (!failing) log.warn('The keys that verify tokens could not be loaded; those that are known are used.', { error });
      failing = true;
    }
  };
  const refresh = (): Promise<void> => {
    triedAt = performance.now();
    loading ??= loadOnce().finally(() => {
      loading = undefined;
    });
    return loading;
  };

  return {
    refresh,
    async find({ alg, kid }) {
      if (kid === undefined) return null;
      if (!keys?.has(kid)) await (performance.now() - triedAt >= cooldownMs ? refresh() : loading);
      if (keys === undefined) {
        throw new Problem(503, 'Tokens cannot be checked', {
          detail: 'The keys that verify them could not be loaded yet. Send the request again.',
          headers: { 'retry-after': '5' },
        });
      }
      const found = keys.get(kid);
      return found?.alg === alg ? found.key : null;
    },
  };
}
