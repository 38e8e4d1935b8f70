import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { eventually } from '@tidings/testing';
import { CLAIMS, forge, HEADER, now } from '../../test/forge-token.js';
import { startIdentityProvider } from '../../test/identity-provider.js';
import { startApi, type TestApi } from '../../test/start-api.js';
import { createRefusalLog } from './refusal-log.js';

const [NEW, OLD] = ['new-secret-for-tests-of-at-least-32-bytes', 'old-secret-for-tests-of-at-least-32-bytes'];

let api: TestApi;
beforeAll(async () => {
  const env = { JWT_SECRET: `${NEW}\n${OLD}\n`, JWT_ISSUER: 'platform', JWT_AUDIENCE: 'tidings', WEBHOOK_PER_OWNER: '7' };
  api = await startApi({ env });
});
afterAll(() => api.stop());

const statusOf = async (token?: string, path = '/api/webhooks') =>
  (await fetch(api.url + path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })).status;
const lines = () =>
  api
    .logged()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the log of the API', () => {
  const sign = (claims: object) => forge(HEADER, { ...CLAIMS, ...claims }, { secret: NEW });

  test.each([
    ['issuer', sign({ iss: 'mallory' })],
    ['audience', sign({ aud: 'mallory' })],
    ['expired', sign({ exp: now - 60 })],
    ['not_yet_valid', sign({ nbf: now + 600 })],
    ['signature', forge(HEADER, CLAIMS, { secret: 'a secret of mallory, of at least 32 bytes' })],
    ['algorithm', forge({ alg: 'HS512' }, CLAIMS, { secret: NEW, hash: 'sha512' })],
    ['malformed', 'no-token'],
  ])('says why a request got its 401 (%s), and the answer does not', async (reason, token) => {
    const path = `/api/webhooks/wh_${reason}`;
    const response = await fetch(api.url + path, { headers: { authorization: `Bearer ${token}` } });
    const { detail } = (await response.json()) as { detail: string };
    expect([response.status, detail]).toEqual([401, 'Send a valid token: "Authorization: Bearer <token>".']);
    await eventually(() => {
      expect(lines()).toContainEqual(expect.objectContaining({ message: `GET ${path} 401`, reason }));
    });
    expect(lines()).toContainEqual(expect.objectContaining({ message: 'A token was refused.', reason }));
    for (const part of token.split('.')) expect(api.logged()).not.toContain(part);
  });

  test('says nothing of a request that is authenticated, and no_token of one without a token', async () => {
    expect(await statusOf(sign({}), '/api/webhooks?valid=1')).toBe(400);
    expect(await statusOf(undefined, '/api/event-types')).toBe(401);
    await eventually(() => {
      expect(lines()).toContainEqual(expect.objectContaining({ message: 'GET /api/event-types 401', reason: 'no_token' }));
    });
    expect(lines().find(({ message }) => message === 'GET /api/webhooks 400')).not.toHaveProperty('reason');
  });

  test('says at start what is doubtful in the settings', () => {
    expect(lines()).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: expect.stringMatching(/^WEBHOOK_PER_OWNER is not a setting.*WEBHOOKS_PER_OWNER/),
      }),
    );
    expect(lines()).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringMatching(/^JWT_SECRET begins or ends in white space/) }),
    );
  });
});

test('a refusal is logged once a minute for each reason, however many there are', () => {
  const logged: object[] = [];
  const onRefused = createRefusalLog({ info: (_message, details) => logged.push(details) });
  for (let count = 0; count < 1000; count += 1) {
    onRefused('expired');
    onRefused('no_token');
  }
  onRefused('issuer');
  expect(logged).toMatchObject([{ reason: 'expired' }, { reason: 'issuer' }]);
});

test('tokens of the new and of the old secret are valid at the same time, so that a rotation refuses none', async () => {
  const claims = { sub: 'alice', iss: 'platform', aud: 'tidings', exp: now + 600 };
  for (const secret of [NEW, OLD]) expect(await statusOf(jwt.sign(claims, secret))).toBe(200);
  expect(await statusOf(jwt.sign(claims, `${NEW}x`))).toBe(401);
});

test('an API whose key set has no key that can be used says so when it starts, before any token comes', async () => {
  const provider = await startIdentityProvider('{"keys":[{"kty":"oct","kid":"secret","k":"AAAA"}]}');
  const one = await startApi({ env: { JWT_SECRET: '', JWT_JWKS_URL: provider.url } });
  await eventually(() => {
    expect(one.logged()).toContain('No key of the key set can verify a token');
    expect(one.logged()).toContain('it is symmetric');
  });
  expect(one.logged()).toContain('JWT_AUDIENCE is not set');
  await one.stop();
  provider.stop();
});
