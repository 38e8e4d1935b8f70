import { readFile } from 'node:fs/promises';
import { fetchKeySet, type KeySource } from '@tidings/auth';
import { createRotatingKeys, type IssuerKeys, type RotatingKeysOptions } from './rotating-keys.js';

const URL_REFRESH_MS = 300_000;
const URL_COOLDOWN_MS = 10_000;
const FILE_REFRESH_MS = 2000;

/**
 * Creates the source of the keys that verify tokens: one configured key, a key set at a URL, or a key set in a file.
 * `refreshMs` is how often the caller should call `refresh`, in milliseconds.
 */
export function createIssuerKeys(source: KeySource, log: RotatingKeysOptions['log']): IssuerKeys & { refreshMs: number } {
  if ('key' in source) {
    return { find: () => Promise.resolve(source.key), refresh: () => Promise.resolve(), refreshMs: URL_REFRESH_MS };
  }
  if ('url' in source) {
    const load = (): Promise<string> => fetchKeySet(source.url);
    return { ...createRotatingKeys({ load, cooldownMs: URL_COOLDOWN_MS, log }), refreshMs: URL_REFRESH_MS };
  }
  return {
    ...createRotatingKeys({ load: () => readFile(source.file, 'utf8'), cooldownMs: FILE_REFRESH_MS, log }),
    refreshMs: FILE_REFRESH_MS,
  };
}
