import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import { createKeys, findKeys, keepKeys } from './keys.js';
import { signToken } from './token.js';

let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'tidings keys-'));
});

afterEach(() => {
  rmSync(project, { recursive: true });
});

test('keys are made once, and only their owner may read them', () => {
  const folder = join(project, '.tidings');
  const keys = keepKeys(folder);
  expect(keepKeys(folder)).toEqual(keys);
  expect(statSync(join(folder, 'keys.json')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['keys.json']);
});

test('keys are never the same twice, and long enough for the API', () => {
  const [first, second] = [createKeys(), createKeys()];
  expect(first).not.toEqual(second);
  expect(Buffer.byteLength(first.JWT_SECRET)).toBeGreaterThanOrEqual(32);
  expect(Buffer.from(first.SECRETS_KEYS.split(':')[1] ?? '', 'base64')).toHaveLength(32);
});

test('keys are found from anywhere in the project', () => {
  const below = join(project, 'apps', 'api');
  mkdirSync(below, { recursive: true });
  expect(findKeys(below)).toBeUndefined();
  const keys = keepKeys(join(project, '.tidings'));
  expect(findKeys(below)).toEqual(keys);
});

test('a token says who, what, and until when', () => {
  const secret = createKeys().JWT_SECRET;
  const token = signToken(secret, { sub: 'alice', scope: 'events:publish', issuer: 'me', audience: 'tidings', expiresInS: 60 });
  const claims = jwt.verify(token, secret, { algorithms: ['HS256'] }) as jwt.JwtPayload;
  expect(claims).toMatchObject({ sub: 'alice', scope: 'events:publish', iss: 'me', aud: 'tidings' });
  expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(60);
});
