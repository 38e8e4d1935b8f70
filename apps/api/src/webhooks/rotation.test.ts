import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
let id: string;
let first: string;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await api.database.pool.query('DELETE FROM webhooks');
  const { body } = await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' });
  id = String(body.id);
  first = String(body.secret);
});

const rotate = (body?: object, user = 'alice') => {
  const request = api.as(user).post(`/api/webhooks/${id}/rotate-secret`);
  return body === undefined ? request : request.send(body);
};
const inSeconds = (text: unknown) => (Date.parse(String(text)) - Date.now()) / 1000;

describe('rotating a secret', () => {
  test('answers with a new one, this once, and the one before signs on for a day', async () => {
    const { status, body } = await rotate();
    expect(status).toBe(200);
    expect(body.secret).toMatch(/^whsec_/);
    expect(body.secret).not.toBe(first);
    expect(inSeconds(body.previous_secrets_valid_until)).toBeCloseTo(86_400, -2);
    const { body: shown } = await api.as('alice').get(`/api/webhooks/${id}`);
    expect(shown.secret).toBeUndefined();
    expect(shown.previous_secrets_valid_until).toBe(body.previous_secrets_valid_until);
  });

  test('takes an overlap of up to a week, and 0 ends all that were before', async () => {
    expect(inSeconds((await rotate({ overlap_s: 604_800 })).body.previous_secrets_valid_until)).toBeGreaterThan(604_000);
    expect((await rotate({ overlap_s: 0 })).body.previous_secrets_valid_until).toBeNull();
    for (const overlap_s of [-1, 604_801, 1.5, '1', null]) {
      const { status, body } = await rotate({ overlap_s });
      expect([status, body.errors[0].field]).toEqual([400, 'overlap_s']);
    }
  });

  test('is a 409 while three earlier ones sign, which 0 ends at once', async () => {
    for (let count = 0; count < 3; count += 1) expect((await rotate()).status).toBe(200);
    const { status, body } = await rotate();
    expect([status, body.detail]).toEqual([409, expect.stringContaining('{"overlap_s": 0}')]);
    expect((await rotate({ overlap_s: 0 })).status).toBe(200);
    expect((await rotate()).status).toBe(200);
  });

  test('by two at once loses no secret', async () => {
    const answers = await Promise.all([rotate(), rotate(), rotate()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await rotate()).status).toBe(409);
  });

  test('leaves nothing readable in the database or in a log (I8)', async () => {
    const { body } = await rotate();
    const { rows } = await api.database.pool.query<{ stored: string }>('SELECT webhooks::text AS stored FROM webhooks');
    for (const secret of [first, String(body.secret)]) {
      const hex = Buffer.from(secret).toString('hex');
      for (const text of [rows[0]?.stored ?? '', api.logged()]) {
        expect(text).not.toContain(secret);
        expect(text).not.toContain(hex);
      }
    }
  });
});
