import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMachineKeys, findMachineKeys, keepMachineKeys } from './machine-keys.js';

let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'tidings keys-'));
});

afterEach(() => {
  rmSync(project, { recursive: true });
});

test('keeps the keys of the first call, in a file that only its owner may read', () => {
  const folder = join(project, '.tidings');
  const keys = keepMachineKeys(folder);
  expect(keepMachineKeys(folder)).toEqual(keys);
  expect(statSync(join(folder, 'keys.json')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['keys.json']);
});

test('creates different keys each time, long enough for the API', () => {
  const [first, second] = [createMachineKeys(), createMachineKeys()];
  expect(first).not.toEqual(second);
  expect(Buffer.byteLength(first.JWT_SECRET)).toBeGreaterThanOrEqual(32);
  expect(Buffer.from(first.SECRETS_KEYS.split(':')[1] ?? '', 'base64')).toHaveLength(32);
});

test('finds the keys from any folder of the project', () => {
  const below = join(project, 'apps', 'api');
  mkdirSync(below, { recursive: true });
  expect(findMachineKeys(below)).toBeUndefined();
  const keys = keepMachineKeys(join(project, '.tidings'));
  expect(findMachineKeys(below)).toEqual(keys);
});
