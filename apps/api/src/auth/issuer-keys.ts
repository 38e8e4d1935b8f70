import { readFile } from 'node:fs/promises';
import { fetchKeySet, type TokenConfig } from '@tidings/auth';
import { createRotatingKeys, type IssuerKeys, type RotatingKeysOptions } from './rotating-keys.js';

const URL_REFRESH_MS = 300_000;
const URL_COOLDOWN_MS = 10_000;
const FILE_REFRESH_MS = 2000;

/**
 * Creates the source of the keys that verify tokens: configured keys, a key set at a URL, or a key set in a file.
 * `refreshMs` is how often the caller should call `refresh`, in milliseconds.
 */
export function createIssuerKeys(
  { source, algorithms }: Pick<TokenConfig, 'source' | 'algorithms'>,
  log: RotatingKeysOptions['log'],
): IssuerKeys & { refreshMs: number } {
  if ('keys' in source) {
    return { find: () => Promise.resolve(source.keys), refresh: () => Promise.resolve(), refreshMs: URL_REFRESH_MS };
  }
  if ('url' in source) {
    const load = (): Promise<string> => fetchKeySet(source.url);
    return { ...createRotatingKeys({ load, cooldownMs: URL_COOLDOWN_MS, algorithms, log }), refreshMs: URL_REFRESH_MS };
  }
  return {
    ...createRotatingKeys({ load: () => readFile(source.file, 'utf8'), cooldownMs: FILE_REFRESH_MS, algorithms, log }),
    refreshMs: FILE_REFRESH_MS,
  };
}
