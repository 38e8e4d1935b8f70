import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import jwt from 'jsonwebtoken';
import { openTerminal } from '../test/cli.js';

const admin = jwt.sign({ sub: 'olga', scope: 'admin' }, 'x'.repeat(32));
const UNKNOWN = {
  jti: 'one',
  owner: null,
  not_before: null,
  ends_at: null,
  revoked_at: '2026-12-01T00:00:00Z',
  revoked_by: 'olga',
};

/** An API that answers every revocation with `answer`. */
let api: Server;
let answer: object = UNKNOWN;
const received: unknown[] = [];
beforeAll(async () => {
  api = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      received.push([request.method, request.url, JSON.parse(text)]);
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  api.close();
});

const revoke = (args: string[], env?: NodeJS.ProcessEnv) =>
  openTerminal(
    env ?? { TIDINGS_URL: `http://127.0.0.1:${String((api.address() as AddressInfo).port)}`, TIDINGS_TOKEN: admin },
  ).run(['revoke', ...args]);
const sent = async (args: string[]) => {
  received.length = 0;
  const result = await revoke(args);
  return { ...result, received: received.at(-1) };
};
const POST = ['POST', '/api/admin/revocations'];

describe('tidings revoke', () => {
  test('sends the whole token, whose end the API proves, or the jti', async () => {
    const token = jwt.sign({ sub: 'alice', jti: 'one' }, 'y'.repeat(32));
    answer = { ...UNKNOWN, ends_at: '2026-12-02T00:00:00.000Z' };
    const { out, received } = await sent([token]);
    expect(received).toEqual([...POST, { token }]);
    expect(out).toBe('Revoked one until 2026-12-02T00:00:00.000Z, when it has ended.');
    answer = UNKNOWN;
    const other = await sent(['one']);
    expect(other.received).toEqual([...POST, { jti: 'one' }]);
    expect(other.out).toBe('Revoked one for good: when it ends is not proved.');
  });

  test('revokes all tokens of an owner, until now or until a time', async () => {
    answer = { ...UNKNOWN, jti: null, owner: 'alice', not_before: '2026-12-01T00:00:00.000Z' };
    const { out, received } = await sent(['--sub', 'alice']);
    expect(received).toEqual([...POST, { owner: 'alice' }]);
    expect(out).toBe('Revoked all tokens of alice that were issued before 2026-12-01T00:00:00.000Z, and those without iat.');
    const earlier = await sent(['--sub', 'alice', '--not-before', '2026-11-30T00:00:00Z']);
    expect(earlier.received).toEqual([...POST, { owner: 'alice', not_before: '2026-11-30T00:00:00.000Z' }]);
  });

  test('believes no end that the caller names', async () => {
    answer = UNKNOWN;
    const { received, err } = await sent(['one', '--expires-in', '1h']);
    expect(received).toEqual([...POST, { jti: 'one' }]);
    expect(err).toContain('--expires-in is ignored');
  });

  test.each([
    [[], 'give either a token (or its jti), or --sub'],
    [['one', '--sub', 'alice'], 'give either a token (or its jti), or --sub'],
    [['one', '--not-before', '1h'], '--not-before goes with --sub only'],
    [['eyJhbGciOiJIUzI1NiJ9'], 'neither a whole token nor a jti'],
    [['Bearer x'], 'neither a whole token nor a jti'],
  ])('names what is wrong, and revokes nothing: %j', async (args, message) => {
    expect(await sent(args)).toMatchObject({ code: 2, received: undefined, err: expect.stringContaining(message) });
  });

  test('says that there is no token for the API', async () => {
    expect(await revoke(['one'], { REDIS_URL: 'redis://127.0.0.1:1' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no token'),
    });
  });
});
