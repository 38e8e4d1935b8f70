import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../test/start-api.js';

/** What a user is shown besides what an id names: lists, cursors, the stream, keys. */
let api: TestApi;
let alices: { webhook: string; event: string; delivery: string };
let bobsEvent: string;
const UNKNOWN = 'evt_01a20f72-bf62-73aa-bf71-cc66b4490a07';

const publish = async (user: string) => {
  const event = { type: 'sync.failed', data: { user_id: user, error_message: `of ${user}` } };
  return String((await api.as('service', 'events:publish').post('/api/events').send(event)).body.id);
};
const list = async (user: string, path: string) => (await api.as(user, 'admin').get(path)).body.data as { id: string }[];
const ids = (items: { id: string }[]) => items.map(({ id }) => id);

beforeAll(async () => {
  api = await startApi();
  const { body } = await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' });
  const webhook = String(body.id);
  const event = await publish('alice');
  const [delivery] = ids(await list('alice', `/api/webhooks/${webhook}/deliveries`));
  alices = { webhook, event, delivery: String(delivery) };
  bobsEvent = await publish('bob');
});
afterAll(() => api.stop());

describe('a list', () => {
  test('holds what is the caller’s own, whatever the scopes', async () => {
    expect(ids(await list('alice', '/api/webhooks'))).toEqual([alices.webhook]);
    expect(await list('bob', '/api/webhooks')).toEqual([]);
    expect(ids(await list('alice', '/api/events'))).toEqual([alices.event]);
    expect(ids(await list('bob', '/api/events'))).toEqual([bobsEvent]);
    expect(await list('carol', '/api/events')).toEqual([]);
  });

  test('is not asked for somebody else: there is no such parameter', async () => {
    for (const path of ['/api/webhooks', '/api/events', '/api/events/stream']) {
      const { status, body } = await api.as('bob', 'admin').get(`${path}?owner=alice`);
      expect([path, status, body.errors]).toEqual([path, 400, [{ field: 'owner', message: 'is not a known field' }]]);
    }
  });
});

describe('a cursor', () => {
  test('of somebody else’s event is answered as one of no event', async () => {
    const answer = async (cursor: string) => {
      const { status, body } = await api.as('bob').get(`/api/events?cursor=${cursor}`);
      return { status, errors: body.errors };
    };
    expect(await answer(alices.event)).toEqual(await answer(UNKNOWN));
    expect(await answer(alices.event)).toMatchObject({ status: 400 });
  });

  test('of somebody else’s webhook or delivery leads to the caller’s own only', async () => {
    const { body } = await api.as('bob').post('/api/webhooks').send({ url: 'https://example.com/' });
    const bobs = String(body.id);
    expect(ids(await list('bob', `/api/webhooks?cursor=${alices.webhook}`))).toEqual([]);
    expect(ids(await list('alice', `/api/webhooks?cursor=${bobs}`))).toEqual([alices.webhook]);
    expect(await list('bob', `/api/webhooks/${bobs}/deliveries?cursor=dlv_zzzzzzzz`)).toEqual([]);
  });
});

describe('a stream', () => {
  async function firstFrames(user: string, lastEventId: string, until: string): Promise<string> {
    const response = await fetch(`${api.url}/api/events/stream`, {
      headers: { authorization: `Bearer ${api.token(user)}`, 'last-event-id': lastEventId },
    });
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      // The gap before it names it, too.
      if (text.includes(`id: ${until}\n`) && text.endsWith('\n\n')) break;
    }
    return text;
  }

  test('that resumes at somebody else’s event is told the same as at one that never was', async () => {
    const foreign = await firstFrames('bob', alices.event, bobsEvent);
    const unknown = await firstFrames('bob', UNKNOWN, bobsEvent);
    const comparable = (text: string) => text.replaceAll(/retry: \d+|evt_[0-9a-f-]+/g, '');
    expect(comparable(foreign)).toBe(comparable(unknown));
    expect(foreign).toContain('event: stream.gap');
    expect(foreign).not.toContain('of alice');
  });
});

describe('an idempotency key', () => {
  test('is each publisher’s own: the same key of another one is another request', async () => {
    const send = async (publisher: string, user: string) => {
      const event = { type: 'sync.failed', data: { user_id: user, error_message: '' } };
      const request = api.as(publisher, 'events:publish').post('/api/events').set('Idempotency-Key', 'nightly');
      const { status, body } = await request.send(event);
      return { status, id: String(body.id) };
    };
    const [one, other] = [await send('service-1', 'dora'), await send('service-2', 'emil')];
    expect([one.status, other.status]).toEqual([202, 202]);
    expect(one.id).not.toBe(other.id);
    expect(await send('service-1', 'dora')).toEqual({ status: 200, id: one.id });
  });
});
