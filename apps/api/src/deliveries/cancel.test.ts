import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { attempt, claim, record } from '../../test/attempt.js';
import { startApi, type TestApi } from '../../test/start-api.js';
import { clear, storedDeliveries } from '../../test/stored-deliveries.js';

let api: TestApi;
let webhook: string;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await clear(api.database);
  const { body } = await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/', ordering: 'fifo' });
  webhook = String(body.id);
});

const publish = async () => {
  const event = { type: 'extraction.started', data: { version: '1', entity_types: [] } };
  const { body } = await api.as('service', 'events:publish').post('/api/events').send(event);
  return (await api.database.prisma.delivery.findFirstOrThrow({ where: { eventId: String(body.id) } })).id;
};
const cancel = (id: string, owner = 'alice') => api.as(owner).post(`/api/deliveries/${id}/cancel`);

test('a pending delivery is cancelled, also the second time', async () => {
  const id = await publish();
  for (const response of [await cancel(id), await cancel(id)]) {
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({ id, status: 'cancelled', next_attempt_at: null, finished_at: expect.any(String) });
  }
});

test('the next delivery of a fifo webhook gets its slot at once', async () => {
  const [poison, next] = [await publish(), await publish()];
  await attempt(api.database, poison, 500, { status: 'pending', retryInMs: 3_600_000 });
  await cancel(poison);
  const stored = await storedDeliveries(api.database);
  expect(stored.find(({ id }) => id === next)).toMatchObject({ stage: 'admitted' });
});

test('a delivery whose request is under way is succeeded when the request is', async () => {
  const id = await publish();
  const claimed = await claim(api.database, id);
  expect((await cancel(id)).body).toMatchObject({ status: 'cancelled' });
  await record(api.database, claimed, 200);
  expect((await api.as('alice').get(`/api/deliveries/${id}`)).body).toMatchObject({ status: 'succeeded', attempt_count: 1 });
});

test('a delivery that has ended is not cancelled', async () => {
  const id = await publish();
  await attempt(api.database, id, 200);
  const { status, body } = await cancel(id);
  expect(status).toBe(409);
  expect(body).toMatchObject({ title: 'The delivery has ended', detail: expect.stringContaining(`"${id}" is succeeded`) });
});

test('a delivery of another owner is unknown (I7)', async () => {
  const id = await publish();
  expect((await cancel(id, 'bob')).status).toBe(404);
  expect((await api.as('alice').get(`/api/deliveries/${id}`)).body).toMatchObject({ status: 'pending', webhook_id: webhook });
});
