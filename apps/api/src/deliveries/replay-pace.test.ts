import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../test/start-api.js';
import { endPending } from '../../test/stored-deliveries.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ env: { REPLAYS_PER_SECOND: '10', REPLAYS_PER_SECOND_AND_HOST: '20' } });
});
afterAll(() => api.stop());

const EVENTS = 21;
const event = { type: 'extraction.started', data: { version: '1', entity_types: [] } };

test('replays to one host share a pace, whoever owns the webhooks; other hosts keep theirs', async () => {
  const hosts = [1, 2, 3, 4].map((number) => `https://victim.example.com:${String(8000 + number)}/`);
  const paths: string[] = [];
  for (const [index, url] of [...hosts, 'https://other.example.com/'].entries()) {
    const { body } = await api
      .as(`owner-${String(index)}`)
      .post('/api/webhooks')
      .send({ url });
    paths.push(`/api/webhooks/${String(body.id)}`);
  }
  const events = Array.from({ length: EVENTS }, () => event);
  expect((await api.as('service', 'events:publish').post('/api/events').send({ events })).status).toBe(202);
  await endPending(api.database, 'failed', 1);

  const paces: number[] = [];
  for (const [index, path] of paths.entries()) {
    const owner = api.as(`owner-${String(index)}`);
    const selection = { since: new Date(Date.now() - 3_600_000).toISOString() };
    await owner.post(`${path}/replay`).send({ ...selection, dry_run: true });
    const { body } = await owner.post(`${path}/replay`).send(selection);
    expect(body.count).toBe(EVENTS);
    const seconds = (Date.parse(String(body.last_attempt_at)) - Date.parse(String(body.first_attempt_at))) / 1000;
    paces.push(Math.round((10 * (EVENTS - 1)) / seconds) / 10);
  }
  expect(paces).toEqual([10, 10, 6.7, 5, 10]);
});
