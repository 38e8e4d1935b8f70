import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { SECRET, startApi, type TestApi } from '../../test/start-api.js';
import { toCursor } from '../http/cursor.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const operator = () => api.as('olga', 'admin');
const revoke = (target: object) => operator().post('/api/admin/revocations').send(target);
const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();

describe('a revocation', () => {
  test('is answered with what is revoked, until when, and by whom', async () => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const token = jwt.sign({ sub: 'alice', jti: 'one', exp }, SECRET);
    const { status, body } = await revoke({ token });
    expect([status, body]).toEqual([
      201,
      {
        jti: 'one',
        owner: null,
        not_before: null,
        ends_at: new Date((exp + 600) * 1000).toISOString(),
        revoked_at: expect.any(String),
        revoked_by: 'olga',
      },
    ]);
    expect((await revoke({ owner: 'bob' })).body).toMatchObject({ jti: null, owner: 'bob', not_before: expect.any(String) });
  });

  test('is in the audit log of the owner, with the operator', async () => {
    const token = jwt.sign({ sub: 'ada', jti: 'two', exp: Math.floor(Date.now() / 1000) + 600 }, SECRET);
    await revoke({ token });
    await revoke({ owner: 'ada' });
    const { body } = await operator().get('/api/admin/audit?owner=ada');
    expect(body.data).toMatchObject([
      {
        actor: 'olga',
        actor_kind: 'operator',
        action: 'tokens.revoked',
        details: { tokens_not_before: { to: expect.any(String) } },
      },
      { actor: 'olga', actor_kind: 'operator', action: 'token.revoked', details: { jti: { to: 'two' } } },
    ]);
  });

  test.each<[object, string]>([
    [{}, 'token'],
    [{ jti: 'one', owner: 'alice' }, 'jti'],
    [{ jti: '' }, 'jti'],
    [{ jti: 'a b' }, 'jti'],
    [{ token: 'one' }, 'token'],
    [{ token: 'x'.repeat(8193) }, 'token'],
    [{ token: jwt.sign({ sub: 'alice' }, SECRET) }, 'token'],
    [{ owner: '' }, 'owner'],
    [{ owner: 'a\0' }, 'owner'],
    [{ jti: 'one', not_before: '2026-01-01T00:00:00Z' }, 'not_before'],
    [{ owner: 'alice', not_before: 'yesterday' }, 'not_before'],
    [{ owner: 'alice', not_before: inMinutes(10) }, 'not_before'],
    [{ jti: 'one', until: '2026-01-01T00:00:00Z' }, 'until'],
  ])('that is not valid names the field: %j', async (target, field) => {
    expect(await revoke(target)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });

  test('is an operator’s to make and to read', async () => {
    expect((await api.as('alice', 'events:publish').post('/api/admin/revocations').send({ jti: 'one' })).status).toBe(403);
    expect((await api.as('alice', 'events:publish').get('/api/admin/revocations')).status).toBe(403);
  });
});

test('revocations are listed with the latest first, page by page, or one alone', async () => {
  await revoke({ jti: 'early' });
  await revoke({ owner: 'eve' });
  const { body: first } = await operator().get('/api/admin/revocations?limit=1');
  expect(first.data).toMatchObject([{ owner: 'eve' }]);
  const { body: second } = await operator().get(`/api/admin/revocations?limit=1&cursor=${String(first.next_cursor)}`);
  expect(second.data).toMatchObject([{ jti: 'early' }]);
  expect((await operator().get('/api/admin/revocations?owner=eve')).body).toMatchObject({
    data: [{ owner: 'eve' }],
    next_cursor: null,
  });
  expect((await operator().get('/api/admin/revocations?jti=early')).body.data).toHaveLength(1);
  expect((await operator().get('/api/admin/revocations?jti=eve')).body.data).toEqual([]);
  expect((await operator().get('/api/admin/revocations?jti=one&owner=eve')).status).toBe(400);
  for (const cursor of ['x', toCursor('revocations', 'abc'), toCursor('revocations', '9'.repeat(30))])
    expect((await operator().get(`/api/admin/revocations?cursor=${cursor}`)).status).toBe(400);
});
