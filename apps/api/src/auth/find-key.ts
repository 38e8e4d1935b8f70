import { readFile } from 'node:fs/promises';
import { createKeySet } from './key-set.js';
import { fetchKeySet } from './load-key-set.js';
import type { KeySource } from './token-config.js';
import type { FindKey } from './verify-token.js';

const URL_TIMES = { refreshMs: 300_000, cooldownMs: 10_000 };
const FILE_TIMES = { refreshMs: 2000, cooldownMs: 2000 };

/** Finds keys where the configuration says: the one key, or those of a set that is fetched or read again as it changes. */
export function createFindKey(source: KeySource, log: { warn: (message: string, details: object) => void }): FindKey {
  if ('key' in source) return () => Promise.resolve(source.key);
  if ('url' in source) return createKeySet({ load: () => fetchKeySet(source.url), ...URL_TIMES, log });
  return createKeySet({ load: () => readFile(source.file, 'utf8'), ...FILE_TIMES, log });
}
