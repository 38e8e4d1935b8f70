import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { fileVariable, readSecretFiles, SECRET_SETTINGS } from '@tidings/runtime/secret-files';
import { readConfig } from './read-config.js';
import { settingNotices } from './setting-notices.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidings secrets-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const fileOf = (text: string): string => {
  const path = join(folder, `secret-${String(Math.random())}`);
  writeFileSync(path, text);
  return path;
};

describe('a setting with a secret', () => {
  test.each(SECRET_SETTINGS)('%s can be the content of a file, without the line break at its end', (name) => {
    const { env, mistakes } = readSecretFiles({ [fileVariable(name)]: fileOf('a value\n') });
    expect([env[name], mistakes]).toEqual(['a value', []]);
    expect(readConfig({ [name]: z.string() }, { [fileVariable(name)]: fileOf('a value\n') })).toEqual({ [name]: 'a value' });
  });

  test('is not trimmed of further white space silently', () => {
    const env = { DATABASE_URL_FILE: fileOf('a value \n') };
    expect(readConfig({ DATABASE_URL: z.string() }, env)).toEqual({ DATABASE_URL: 'a value' });
    expect(settingNotices(['DATABASE_URL'], env)).toEqual([
      'DATABASE_URL_FILE begins or ends in white space, which is not part of the value.',
    ]);
    expect(settingNotices(['DATABASE_URL'], { DATABASE_URL_FILE: fileOf('a value\n') })).toEqual([]);
  });

  test.each<[string, () => Record<string, string>, RegExp]>([
    ['that is missing', () => ({ REDIS_URL_FILE: '/nowhere/redis' }), /REDIS_URL_FILE is wrong: ENOENT/],
    ['that is a folder', () => ({ REDIS_URL_FILE: folder }), /REDIS_URL_FILE is wrong: EISDIR/],
    ['that is empty', () => ({ REDIS_URL_FILE: fileOf('\n') }), /REDIS_URL_FILE is wrong: ".*" is empty/],
    [
      'that is large',
      () => ({ REDIS_URL_FILE: fileOf('x'.repeat(70_000)) }),
      /REDIS_URL_FILE is wrong: ".*" is larger than 65536 bytes/,
    ],
    ['beside a value', () => ({ REDIS_URL_FILE: fileOf('x'), REDIS_URL: 'y' }), /REDIS_URL and REDIS_URL_FILE are both set/],
  ])('is refused from a file %s, in one line', (_case, env, mistake) => {
    let message = '';
    try {
      readConfig({ REDIS_URL: z.string('must be set') }, env());
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toMatch(mistake);
    expect(message.split('\n')).toHaveLength(2);
  });
});
