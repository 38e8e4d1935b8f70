import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { countReplays } from '@tidings/database';
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

test('replays that find nothing take no part of the pace of others', async () => {
  const paths: string[] = [];
  for (const name of ['empty-1', 'empty-2', 'empty-3']) {
    const { body } = await api.as(name).post('/api/webhooks').send({ url: 'https://shared.example.com/' });
    paths.push(`/api/webhooks/${String(body.id)}`);
  }
  for (const [index, path] of paths.entries()) {
    const since = new Date().toISOString();
    const { body } = await api
      .as(`empty-${String(index + 1)}`)
      .post(`${path}/replay`)
      .send({ since });
    expect(body.count).toBe(0);
  }
  expect(await countReplays(api.database.pool, 'shared.example.com', 'wh_other')).toBe(0);
});

test('retries are due at the pace of their host however often the URL is changed, and other webhooks there get less of it', async () => {
  const register = async (owner: string) =>
    String((await api.as(owner).post('/api/webhooks').send({ url: 'https://waits.example.com/' })).body.id);
  const ids = [await register('waits-1'), await register('waits-2'), await register('waits-3')];
  await api
    .as('service', 'events:publish')
    .post('/api/events')
    .send({ events: Array.from({ length: EVENTS }, () => event) });
  const failAll = () =>
    api.database.pool.query(
      `UPDATE pending_deliveries SET stage = 'backoff', first_attempt_at = now(), next_attempt_at = now() + interval '1 h',
         wake_at = now() + interval '1 h' WHERE webhook_id = ANY ($1)`,
      [ids],
    );
  await failAll();
  const lastDueInS = async (index: number): Promise<number> => {
    const { rows } = await api.database.pool.query<{ seconds: string }>(
      'SELECT extract(epoch FROM max(next_attempt_at) - min(next_attempt_at)) AS seconds FROM pending_deliveries WHERE webhook_id = $1',
      [ids[index]],
    );
    return Number(rows[0]?.seconds);
  };
  const change = async (index: number, url: string) => {
    const owner = api.as(`waits-${String(index + 1)}`);
    expect((await owner.patch(`/api/webhooks/${String(ids[index])}`).send({ url })).status).toBe(200);
  };
  for (const index of [0, 1, 2]) await change(index, 'https://waits.example.com/?0');
  expect(await Promise.all([0, 1, 2].map(lastDueInS))).toEqual([2, 2, 3]);

  const plannedTo = async () =>
    (await api.database.prisma.webhook.findFirstOrThrow({ where: { id: ids[0] ?? '' } })).replayNextAt;
  const before = await plannedTo();
  for (let count = 1; count <= 5; count += 1) await change(0, `https://waits.example.com/?${String(count)}`);
  expect(await plannedTo()).toEqual(before);
  await failAll();
  await change(0, 'https://waits.example.com/again');
  expect(Number(await plannedTo()) - Number(before)).toBeGreaterThanOrEqual(2000);
});
