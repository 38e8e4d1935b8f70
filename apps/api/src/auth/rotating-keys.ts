import { parseKeySet, type KeySet } from '@tidings/auth';
import { Problem } from '../problems/problem.js';
import type { FindKey } from '@tidings/auth';

export interface RotatingKeysOptions {
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
