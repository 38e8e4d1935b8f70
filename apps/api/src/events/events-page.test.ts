import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MAX_PAGE_BYTES } from '../http/pages.js';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
const NUMBERS = [1, 2, 3, 4, 5, 6];
beforeAll(async () => {
  api = await startApi();
  for (const n of NUMBERS) {
    // The odd ones are for everyone, and the even ones for alice.
    const event =
      n % 2 === 1
        ? { type: 'extraction.started', data: { version: '2026-11', entity_types: ['artists'] } }
        : { type: 'sync.completed', data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1 } };
    await api
      .as('service', 'events:publish')
      .post('/api/events')
      .send({ id: `evt_${String(n)}`, ...event });
  }
  // One each minute.
  await api.database.pool.query("UPDATE events SET accepted_at = accepted_at - (7 - right(id, 1)::int) * interval '1 min'");
});
afterAll(() => api.stop());

interface Page {
  data: { id: string; owner?: string | null; position?: number }[];
  next_cursor: string | null;
}
const LISTS: [string, (query: string) => Promise<Page>][] = [
  ['of an owner', async (query) => (await api.as('alice').get(`/api/events?${query}`)).body as Page],
  [
    'of all owners, for operators',
    async (query) => (await api.as('olga', 'admin').get(`/api/admin/events?${query}`)).body as Page,
  ],
];
const ids = ({ data }: Page) => data.map(({ id }) => Number(id.slice('evt_'.length)));
/** When an event was accepted, with so many seconds added. */
const timeOf = async (n: number, addS = 0): Promise<string> => {
  const { rows } = await api.database.pool.query<{ at: Date }>('SELECT accepted_at AS at FROM events WHERE id = $1', [
    `evt_${String(n)}`,
  ]);
  return new Date(Number(rows[0]?.at) + 1000 * addS).toISOString();
};

describe.each(LISTS)('the list of events %s', (_whose, list) => {
  test('is in the order of the log, or newest first', async () => {
    expect(ids(await list(''))).toEqual(NUMBERS);
    expect(ids(await list('order=desc'))).toEqual(NUMBERS.toReversed());
  });

  test.each(['asc', 'desc'])('comes in pages, with each event once (%s)', async (order) => {
    const seen: number[] = [];
    let cursor = '';
    for (let pages = 0; pages < 3; pages += 1) {
      const page: Page = await list(`order=${order}&limit=2${cursor}`);
      seen.push(...ids(page));
      cursor = `&cursor=${String(page.next_cursor)}`;
    }
    expect(seen).toEqual(order === 'asc' ? NUMBERS : NUMBERS.toReversed());
  });

  test('has a last page newest first, and goes on with new events oldest first', async () => {
    expect(await list('order=desc&limit=6')).toMatchObject({ next_cursor: null });
    expect(await list('limit=6')).toMatchObject({ next_cursor: 'evt_6' });
    expect(await list('cursor=evt_6')).toEqual({ data: [], next_cursor: 'evt_6' });
  });

  test('can be read from an event in both directions', async () => {
    expect(ids(await list('order=desc&cursor=evt_4'))).toEqual([3, 2, 1]);
    expect(ids(await list('order=asc&cursor=evt_4'))).toEqual([5, 6]);
  });

  test('can be limited to a time: from its beginning, up to its end', async () => {
    const [since, until] = [await timeOf(2), await timeOf(5)];
    expect(ids(await list(`since=${since}`))).toEqual([2, 3, 4, 5, 6]);
    expect(ids(await list(`until=${until}`))).toEqual([1, 2, 3, 4]);
    expect(ids(await list(`since=${since}&until=${until}&order=desc`))).toEqual([4, 3, 2]);
    expect(ids(await list(`since=${since}&until=${until}&order=desc&cursor=evt_3`))).toEqual([2]);
    expect(ids(await list(`since=${await timeOf(2, 1)}&until=${await timeOf(2, 59)}`))).toEqual([]);
    expect(ids(await list(`since=${await timeOf(6, 1)}`))).toEqual([]);
    expect(ids(await list(`until=${await timeOf(1)}&order=desc`))).toEqual([]);
  });

  test('can be limited to types, too', async () => {
    expect(ids(await list(`types=sync.*&since=${await timeOf(3)}&order=desc`))).toEqual([6, 4]);
  });
});

test('an owner sees only events for everyone and their own, in each order (I7)', async () => {
  for (const order of ['asc', 'desc']) {
    const { body } = await api.as('bob').get(`/api/events?order=${order}&since=${await timeOf(2)}`);
    expect(ids(body as Page)).toEqual(order === 'asc' ? [3, 5] : [5, 3]);
  }
});

test('operators see the owner and the position of each event', async () => {
  const { body } = await api.as('olga', 'admin').get('/api/admin/events?limit=2');
  expect(body).toMatchObject({ data: [{ owner: null }, { owner: 'alice' }] });
});

test.each(['order=up', 'since=yesterday', 'until=2026-01-01', 'cursor=evt_9', 'order=desc&cursor=evt_9'])(
  'a query that is wrong is refused: %s',
  async (query) => {
    expect((await api.as('alice').get(`/api/events?${query}`)).status).toBe(400);
    expect((await api.as('olga', 'admin').get(`/api/admin/events?${query}`)).status).toBe(400);
  },
);

describe('large events', () => {
  const LARGE = Array.from({ length: 12 }, (_, index) => `large_${String(index + 1)}`);
  beforeAll(async () => {
    // Random text, which PostgreSQL cannot compress, and equal letters, which it can.
    await api.database.pool.query(
      `INSERT INTO events (id, type, owner, data, timestamp, accepted_at)
       SELECT 'large_' || n, 'sync.failed', 'carol', json_build_object('a',
         CASE WHEN n % 2 = 0 THEN (SELECT string_agg(md5(n::text || i), '') FROM generate_series(1, 6000) AS i) ELSE repeat('é', 96000) END),
         now(), now()
       FROM generate_series(1, 12) AS n`,
    );
  });

  test.each([
    ['asc', 'of an owner', () => api.as('carol').get('/api/events?limit=200&types=sync.failed')],
    ['desc', 'of an owner', () => api.as('carol').get('/api/events?limit=200&types=sync.failed')],
    ['asc', 'of all owners', () => api.as('olga', 'admin').get('/api/admin/events?limit=200&types=sync.failed')],
    ['desc', 'of all owners', () => api.as('olga', 'admin').get('/api/admin/events?limit=200&types=sync.failed')],
  ])('come in pages of one megabyte and the event that passes it, with each event once (%s, %s)', async (order, _whose, get) => {
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < 10; pages += 1) {
      const { body, text } = await get().query({ order, ...(cursor !== undefined && { cursor }) });
      const { data, next_cursor: next } = body as Page;
      expect(Buffer.byteLength(text)).toBeLessThan(MAX_PAGE_BYTES + 200_000);
      expect(data.length).toBeLessThan(LARGE.length);
      seen.push(...data.map(({ id }) => id));
      if (data.length === 0 || next === null) break;
      cursor = next;
    }
    expect(seen).toEqual(order === 'asc' ? LARGE : LARGE.toReversed());
  });
});
