import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await api.database.pool.query('TRUNCATE webhooks');
});

const register = (body: object = {}) =>
  api
    .as('alice')
    .post('/api/webhooks')
    .send({ url: 'https://example.com/hook', ...body });
const change = async (settings: object, changed: object) => {
  const { body } = await register(settings);
  return api
    .as('alice')
    .patch(`/api/webhooks/${String(body.id)}`)
    .send(changed);
};

describe('the delivery settings of a webhook', () => {
  test('are by default ten requests in flight, no rate limit, no ordering and the retry policy of the server', async () => {
    const { body } = await register();
    expect(body).toMatchObject({ max_in_flight: 10, rate_limit: null, ordering: 'unordered', retry: null });
  });

  test('are set by its owner, and shown as they were set', async () => {
    const settings = {
      max_in_flight: 1000,
      rate_limit: 10_000,
      ordering: 'fifo',
      retry: { max_attempts: 20, max_delay_ms: 1000 },
    };
    const { body } = await register(settings);
    expect(body).toMatchObject(settings);
    const { body: shown } = await api.as('alice').get(`/api/webhooks/${String(body.id)}`);
    expect(shown).toMatchObject(settings);
    expect(shown.retry).toEqual(settings.retry);
  });

  test('change field by field', async () => {
    const settings = { max_in_flight: 2, rate_limit: 5, ordering: 'fifo', retry: { max_attempts: 5 } };
    expect((await change(settings, { rate_limit: null })).body).toMatchObject({ ...settings, rate_limit: null });
    expect((await change(settings, { ordering: 'unordered', max_in_flight: 3 })).body).toMatchObject({
      ...settings,
      ordering: 'unordered',
      max_in_flight: 3,
    });
  });

  test('have a schedule of retries instead of values', async () => {
    const { body } = await register({ retry: { schedule: 'standard-webhooks' } });
    expect(body.retry).toEqual({ schedule: 'standard-webhooks' });
    const changed = await change({ retry: { schedule: 'standard-webhooks' } }, { retry: { max_attempts: 5 } });
    expect(changed.body.retry).toEqual({ max_attempts: 5 });
  });

  test('name no value beside a schedule, which fixes them', async () => {
    const retry = { schedule: 'standard-webhooks', max_attempts: 5, max_delay_ms: 1000 };
    const { status, body } = await register({ retry });
    expect(status).toBe(400);
    expect(body.errors).toEqual([
      { field: 'retry.max_attempts', message: 'must be left out beside schedule, which fixes the number of attempts' },
      { field: 'retry.max_delay_ms', message: 'must be left out beside schedule, which fixes the waits' },
    ]);
  });

  test('have a retry policy that is replaced as a whole, or removed', async () => {
    const settings = { retry: { max_attempts: 5, initial_delay_ms: 100 } };
    expect((await change(settings, { retry: { max_delay_ms: 2000 } })).body.retry).toEqual({ max_delay_ms: 2000 });
    expect((await change(settings, { retry: null })).body.retry).toBeNull();
    expect((await change(settings, { description: 'mine' })).body.retry).toEqual(settings.retry);
  });

  test.each<[object, string[]]>([
    [{ max_in_flight: 0, rate_limit: 0, ordering: 'lifo' }, ['max_in_flight', 'ordering', 'rate_limit']],
    [{ max_in_flight: 1001, rate_limit: 10_001 }, ['max_in_flight', 'rate_limit']],
    [{ max_in_flight: 1.5, rate_limit: '5', retry: 3 }, ['max_in_flight', 'rate_limit', 'retry']],
    [{ max_in_flight: null, ordering: null }, ['max_in_flight', 'ordering']],
    [
      { retry: { max_attempts: 0, initial_delay_ms: 99, max_delay_ms: 999, jitter: 1 } },
      ['retry.initial_delay_ms', 'retry.jitter', 'retry.max_attempts', 'retry.max_delay_ms'],
    ],
    [
      { retry: { max_attempts: 21, initial_delay_ms: 3_600_001, max_delay_ms: 86_400_001 } },
      ['retry.initial_delay_ms', 'retry.max_attempts', 'retry.max_delay_ms'],
    ],
    [{ retry: { initial_delay_ms: 1001, max_delay_ms: 1000 } }, ['retry.initial_delay_ms']],
  ])('are refused as %j, with every wrong field named', async (settings, fields) => {
    for (const { status, body } of [await register(settings), await change({}, settings)]) {
      expect(status).toBe(400);
      expect(body.errors.map(({ field }: { field: string }) => field).sort()).toEqual(fields);
    }
  });

  test('may have an initial delay equal to the maximum delay', async () => {
    expect((await register({ retry: { initial_delay_ms: 1000, max_delay_ms: 1000 } })).status).toBe(201);
  });
});
