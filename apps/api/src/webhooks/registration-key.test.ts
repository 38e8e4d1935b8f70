import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../test/start-api.js';
import { clear } from '../../test/stored-deliveries.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ env: { WEBHOOKS_PER_OWNER: '2' } });
});
afterAll(() => api.stop());
beforeEach(async () => {
  await clear(api.database);
  await api.database.pool.query('TRUNCATE registration_keys');
});

const hook = { url: 'https://example.com/hook', event_types: ['sync.*'], headers: { 'x-a': '1', 'x-b': '2' } };
const register = (key: string, body: object = hook, owner = 'alice') =>
  api.as(owner).post('/api/webhooks').set('idempotency-key', key).send(body);
const registered = (owner = 'alice') => api.database.prisma.webhook.count({ where: { owner } });

describe('a registration that is repeated with its idempotency key', () => {
  test('gets the same answer, with the secret, and makes no second webhook', async () => {
    const first = await register('one');
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ secret: expect.stringMatching(/^whsec_/) });
    const again = await register('one');
    expect([again.status, again.headers['location']]).toEqual([201, first.headers['location']]);
    expect(again.body).toEqual(first.body);
    expect(await registered()).toBe(1);
  });

  test('gets it at the maximum number of webhooks, too', async () => {
    const first = await register('one');
    await register('two');
    expect((await register('three')).status).toBe(409);
    expect((await register('one')).body).toEqual(first.body);
  });

  test('may have its fields in another order, and name the same field in another way', async () => {
    const first = await register('one');
    const again = await register('one', { headers: { 'x-b': '2', 'x-a': '1' }, event_types: ['sync.*'], url: hook.url });
    expect(again.body).toEqual(first.body);
  });

  test('at the same time is made once, and all get the same answer', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => register('one')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => (body as { secret: string }).secret)).size).toBe(1);
    expect(await registered()).toBe(1);
  });

  test('for another request is a conflict, and registers nothing, also at the same time', async () => {
    const answers = await Promise.all([register('one'), register('one', { ...hook, url: 'https://example.com/other' })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body).toMatchObject({ title: 'The idempotency key is taken' });
    expect(await registered()).toBe(1);
  });

  test('is for the fields that were sent: with a default named, it is another request', async () => {
    await register('one');
    expect((await register('one', { ...hook, max_in_flight: 10 })).status).toBe(409);
  });

  test('gets the first answer also after the webhook was removed', async () => {
    const first = await register('one');
    await api.as('alice').delete(`/api/webhooks/${(first.body as { id: string }).id}`);
    expect((await register('one')).body).toEqual(first.body);
    expect(await registered()).toBe(0);
  });

  test('of another owner is independent', async () => {
    const [alices, bobs] = [await register('one'), await register('one', hook, 'bob')];
    expect(bobs.status).toBe(201);
    expect((bobs.body as { secret: string }).secret).not.toBe((alices.body as { secret: string }).secret);
    expect([await registered(), await registered('bob')]).toEqual([1, 1]);
  });

  test('is a new one after 24 hours', async () => {
    const first = await register('one');
    await api.database.pool.query("UPDATE registration_keys SET created_at = created_at - interval '24 hours'");
    const later = await register('one');
    expect((later.body as { id: string }).id).not.toBe((first.body as { id: string }).id);
    expect((await register('one')).body).toEqual(later.body);
    expect(await registered()).toBe(2);
  });

  test('was not made before if it was refused', async () => {
    expect((await register('one', { url: 'nonsense' })).status).toBe(400);
    expect((await register('one')).status).toBe(201);
  });
});

test('the stored answer is sealed: the database never has the secret in plain text (I8)', async () => {
  const { body } = await register('one');
  const { secret } = body as { secret: string };
  const { rows } = await api.database.pool.query<{ text: string }>(
    "SELECT encode(sealed_answer, 'escape') || webhook_id AS text FROM registration_keys",
  );
  expect(rows).toHaveLength(1);
  expect(rows[0]?.text).not.toContain(secret);
  expect(rows[0]?.text).not.toContain('example.com');
});

test('a key that is no key is refused', async () => {
  expect((await register('a key')).status).toBe(400);
  expect(await registered()).toBe(0);
});
