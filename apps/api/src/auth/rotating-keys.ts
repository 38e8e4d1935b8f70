import { findKeys, hasUsableKey, parseKeySet, type Algorithm, type FindKeys, type KeySet } from '@tidings/auth';
import { Problem } from '../problems/problem.js';

/** The options of {@link createRotatingKeys}. */
export interface RotatingKeysOptions {
  /** Reads the JSON text of the key set. */
  load: () => Promise<string>;
  /**
   * The shortest time between two loads that unknown `kid`s cause, in milliseconds. Without it, tokens with made-up `kid`s
   * would cause one load each.
   */
  cooldownMs: number;
  /** The algorithms that are accepted: a set without a key for one of them is logged. */
  algorithms: readonly Algorithm[];
  log: { warn: (message: string, details: object) => void; info: (message: string, details: object) => void };
}

/** The public keys of a token issuer. */
export interface IssuerKeys {
  /** Finds the keys of a token header. Rejects with a 503 until a key set was loaded, as no token can be verified before. */
  find: FindKeys;
  /** Loads the key set again. Never rejects: if loading fails, the known keys stay in use. */
  refresh: () => Promise<void>;
}

/**
 * Creates a key source whose key set is reloaded, so that a key rotation needs no restart. A loaded set replaces the previous
 * set as a whole.
 */
export function createRotatingKeys({ load, cooldownMs, algorithms, log }: RotatingKeysOptions): IssuerKeys {
  let keys: KeySet | undefined;
  let triedAt = -Infinity;
  let loading: Promise<void> | undefined;
  let failing = false;
  let isUseless = false;

  const use = (set: KeySet): void => {
    const wasUseless = isUseless;
    isUseless = !hasUsableKey(set, algorithms);
    keys = set;
    // Logged only once, as failures to load are.
    if (isUseless && !wasUseless) {
      log.warn('No key of the key set can verify a token: every token is refused.', {
        accepted: algorithms,
        keys: set.keys.map(({ kid, algorithms: ofKey }) => ({ kid, algorithms: ofKey })),
        unusable: set.unusable,
      });
    }
    if (!isUseless && wasUseless) log.info('The key set has keys that verify tokens again.', { keys: kidsOf(set) });
  };

  const loadOnce = async (): Promise<void> => {
    try {
      const set = parseKeySet(await load());
      if (failing) log.info('The keys that verify tokens were loaded again.', { keys: kidsOf(set) });
      use(set);
      failing = false;
    } catch (error) {
      // Logged only once: a file is read again every two seconds.
      if (!failing) log.warn('The keys that verify tokens could not be loaded; the known keys stay in use.', { error });
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
    async find(header) {
      const isKnown = (): boolean => {
        // A key without a name may be the right one, and a new key with the name may be better.
        if (keys === undefined) return false;
        return header.kid === undefined ? findKeys(keys, header).length > 0 : keys.keys.some(({ kid }) => kid === header.kid);
      };
      if (!isKnown()) await (performance.now() - triedAt >= cooldownMs ? refresh() : loading);
      if (keys === undefined) {
        throw new Problem(503, 'Tokens cannot be verified', {
          detail: 'The keys that verify tokens could not be loaded yet. Send the request again.',
          headers: { 'retry-after': '5' },
        });
      }
      return findKeys(keys, header);
    },
  };
}

function kidsOf({ keys }: KeySet): string[] {
  return keys.map(({ kid = 'without a kid' }) => kid);
}
