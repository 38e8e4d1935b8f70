import { parseKeySet, type FindKey, type KeySet } from '@tidings/auth';
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
  log: { warn: (message: string, details: object) => void; info: (message: string, details: object) => void };
}

/** The public keys of a token issuer. */
export interface IssuerKeys {
  /** Finds the key of a token header. Rejects with a 503 until a key set was loaded, as no token can be verified before. */
  find: FindKey;
  /** Loads the key set again. Never rejects: if loading fails, the known keys stay in use. */
  refresh: () => Promise<void>;
}

/**
 * Creates a key source whose key set is reloaded, so that a key rotation needs no restart. A loaded set replaces the previous
 * set as a whole.
 */
export function createRotatingKeys({ load, cooldownMs, log }: RotatingKeysOptions): IssuerKeys {
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
    async find({ alg, kid }) {
      if (kid === undefined) return null;
      if (!keys?.has(kid)) await (performance.now() - triedAt >= cooldownMs ? refresh() : loading);
      if (keys === undefined) {
        throw new Problem(503, 'Tokens cannot be verified', {
          detail: 'The keys that verify tokens could not be loaded yet. Send the request again.',
          headers: { 'retry-after': '5' },
        });
      }
      const found = keys.get(kid);
      return found?.alg === alg ? found.key : null;
    },
  };
}
