import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { followStream, publishTo, type FollowedStream } from '../../test/follow-stream.js';
import { startApi, type TestApi } from '../../test/start-api.js';
import { endPending } from '../../test/stored-deliveries.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const write = async (type: string, version?: number, isDefault?: true) => {
  const { status, text } = await api
    .as('wanda', 'event-types:write')
    .put(`/api/event-types/${type}`)
    .send({
      description: 'It happened.',
      audience: 'everyone',
      schema: { type: 'object', properties: { note: { type: 'string' } } },
      ...(version === undefined ? {} : { version }),
      ...(isDefault && { default: true }),
    });
  if (status >= 300) throw new Error(text);
};

/** Publishes an event, and returns its id. */
const publish = async (type: string, version?: number) =>
  String((await publishTo(api, { type, data: {}, ...(version === undefined ? {} : { version }) }))[0]);

/** Opens a stream. Without `lastEventId`, waits until it gets new events. */
const open = async (query: string, { owner = 'alice', scope = '', lastEventId = '' } = {}): Promise<FollowedStream> => {
  const stream = await followStream(api, { owner, scope, query, ...(lastEventId === '' ? {} : { lastEventId }) });
  expect([query, stream.response.status]).toEqual([query, 200]);
  if (lastEventId === '') {
    await stream.waitFor(() => {
      expect(stream.openId()).toBeDefined();
    });
  }
  return stream;
};

/** The ids of a whole list of events behind the cursor. */
const idsOf = async (path: string, query: string, scope = '') => {
  const { status, body } = await api.as('alice', scope).get(`${path}?limit=200&${query}`);
  expect([status, body.errors]).toEqual([200, undefined]);
  return (body as { data: { id: string }[] }).data.map(({ id }) => id);
};

/** How a client gets events: each of these must select the same ones. */
interface Reader {
  name: string;
  read: () => Promise<string[]>;
}

let shop: string;
let count = 0;
beforeEach(() => {
  shop = `shop${String((count += 1))}`;
});

/** Waits until every reader has these events, in their order, and no others of the shop. */
const expectAll = (readers: Reader[], expected: string[], published: readonly string[]) =>
  eventually(async () => {
    for (const { name, read } of readers) {
      const ids = (await read()).filter((id) => published.includes(id));
      expect([name, ids]).toEqual([name, expected]);
    }
  });

/** A live stream, a stream that resumes from the beginning, and a page, which all have this selection of types. */
const readersOf = (live: FollowedStream, types: string): Reader[] => {
  const query = types === '' ? '' : `types=${types}`;
  let resumed: Promise<FollowedStream> | undefined;
  return [
    { name: `live ${types}`, read: () => Promise.resolve(live.ids()) },
    { name: `resumed ${types}`, read: async () => (await (resumed ??= open(query, { lastEventId: '@start' }))).ids() },
    { name: `page ${types}`, read: () => idsOf('/api/events', query) },
  ];
};

describe('types that are written after a stream was opened', () => {
  test('are part of its `?types=shop.*`, also of a stream that resumes and of pages', async () => {
    await write(`${shop}.opened`);
    const live = await open(`types=${shop}.*`);
    await write(`${shop}.order.paid`);
    await write(`other${shop}.closed`);
    const published = [
      await publish(`${shop}.opened`),
      await publish(`${shop}.order.paid`),
      await publish(`other${shop}.closed`),
    ] as const;
    await expectAll(readersOf(live, `${shop}.*`), [published[0], published[1]], published);
  });

  test('are refused as patterns until they are written, and known at once then', async () => {
    const refused = await followStream(api, { owner: 'alice', query: `types=${shop}.*` });
    expect(refused.response.status).toBe(400);
    expect((await api.as('alice').get(`/api/events?types=${shop}.*`)).status).toBe(400);
    await write(`${shop}.opened`);
    await open(`types=${shop}.*`);
    await idsOf('/api/events', `types=${shop}.*`);
  });

  test('stay readable in streams and pages after they are archived', async () => {
    await write(`${shop}.opened`);
    const live = await open(`types=${shop}.*`);
    const id = await publish(`${shop}.opened`);
    expect((await api.as('wanda', 'event-types:write').delete(`/api/event-types/${shop}.opened`)).status).toBe(204);
    await expectAll(readersOf(live, `${shop}.*`), [id], [id]);
  });
});

describe('events of a version above the default one', () => {
  test('reach only the streams and pages that name the version', async () => {
    const type = `${shop}.opened`;
    await write(type);
    await write(type, 2);
    const selections = ['', type, `${shop}.*`, `${type}@1`, `${type}@2`, `${type}@1,${type}@2`];
    const live = await Promise.all(selections.map((types) => open(types === '' ? '' : `types=${types}`)));
    const first = await publish(type);
    const preview = await publish(type, 2);
    const last = await publish(type, 1);
    const published = [first, preview, last];
    const expected = [[first, last], [first, last], [first, last], [first, last], [preview], published];
    for (const [index, types] of selections.entries()) {
      await expectAll(readersOf(live[index] as FollowedStream, types), expected[index] as string[], published);
    }
  });

  test('stay previews when their version becomes the default one: streams and pages agree about the time before', async () => {
    const type = `${shop}.opened`;
    await write(type);
    await write(type, 2);
    const live = await open(`types=${type}`);
    const preview = await publish(type, 2);
    await write(type, 2, true);
    const later = await publish(type, 2);
    const unnamed = await publish(type);
    await expectAll(readersOf(live, type), [later, unnamed], [preview, later, unnamed]);
    expect((await api.as('alice').get(`/api/events/${unnamed}`)).body).toMatchObject({ type, version: 2 });
  });

  test('are on the pages of operators, whatever their types name', async () => {
    const type = `${shop}.opened`;
    await write(type);
    await write(type, 2);
    const published = [await publish(type), await publish(type, 2)];
    const all = async (query: string) =>
      (await idsOf('/api/admin/events', query, 'admin')).filter((id) => published.includes(id));
    expect(await all('')).toEqual(published);
    expect(await all(`types=${type}@2`)).toEqual([published[1]]);
  });
});

describe('deliveries, and replays of them, by the version of their type', () => {
  const types = (...names: string[]) => ({ event_types: names });
  const register = async (body: object) =>
    String(
      (
        await api
          .as('alice')
          .post('/api/webhooks')
          .send({ url: 'https://example.com/', ...body })
      ).body.id,
    );
  const listed = async (webhook: string, query: string) => {
    const { status, body } = await api.as('alice').get(`/api/webhooks/${webhook}/deliveries?${query}`);
    expect([status, body.errors]).toEqual([200, undefined]);
    return (body as { data: { event_version: number }[] }).data.map(({ event_version: version }) => version).sort();
  };
  const count = async (webhook: string, body: object) => {
    const { status, body: answer } = await api
      .as('alice')
      .post(`/api/webhooks/${webhook}/replay`)
      .send({ since: '2020-01-01T00:00:00Z', dry_run: true, ...body });
    expect([status, answer.errors]).toEqual([200, undefined]);
    return (answer as { count: number }).count;
  };

  let type: string;
  beforeEach(async () => {
    type = `${shop}.opened`;
    await write(type);
    await write(type, 2);
    await write(`${shop}.closed`);
  });

  test('a webhook that names two versions has deliveries of both, which its list and replays tell apart', async () => {
    const webhook = await register(types(`${type}@1`, `${type}@2`, `${shop}.closed`));
    await publish(type);
    await publish(type);
    await publish(type, 2);
    await publish(`${shop}.closed`);
    await endPending(api.database, 'failed', 1);
    for (const [names, versions] of [
      [[`${type}@1`], [1, 1]],
      [[`${type}@2`], [2]],
      [
        [`${type}@1`, `${type}@2`],
        [1, 1, 2],
      ],
      [[type], [1, 1, 2]],
      [[`${shop}.*`], [1, 1, 1, 2]],
    ] as const) {
      expect([names, await listed(webhook, `event_types=${names.join(',')}`)]).toEqual([names, versions]);
      expect([names, await count(webhook, types(...names))]).toEqual([names, versions.length]);
      expect([names, await count(webhook, { ...types(...names), missing: true })]).toEqual([names, versions.length]);
    }
  });

  test('a replay of missed events has only those that the webhook would get: previews if it names their version', async () => {
    await publish(type);
    await publish(type, 2);
    await publish(`${shop}.closed`);
    const every = await register(types(`${shop}.*`));
    const second = await register(types(`${type}@2`));
    const missing = (webhook: string, ...names: string[]) => count(webhook, { ...types(...names), missing: true });
    expect(await missing(every, `${type}@1`)).toBe(1);
    expect(await missing(every, `${type}@2`)).toBe(0);
    expect(await missing(every, `${shop}.*`)).toBe(2);
    expect(await missing(second, `${type}@1`)).toBe(0);
    expect(await missing(second, `${type}@2`)).toBe(1);
    expect(await count(second, { missing: true })).toBe(1);
  });

  test('a version that the type does not have is refused by its name', async () => {
    const webhook = await register(types(type));
    const { status, body } = await api.as('alice').get(`/api/webhooks/${webhook}/deliveries?event_types=${type}@3`);
    expect([status, body.errors]).toEqual([400, [expect.objectContaining({ field: 'event_types' })]]);
  });
});
