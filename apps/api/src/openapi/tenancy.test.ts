import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../test/start-api.js';
import { toCursor } from '../http/cursor.js';

/**
 * Checks that owners see only their own data where the request names no id: in lists, by cursors, on the stream and by
 * idempotency keys.
 */
let api: TestApi;
let alices: { webhook: string; event: string; delivery: string };
let bobsEvent: string;
const UNKNOWN = 'evt_01a20f72-bf62-73aa-bf71-cc66b4490a07';

const publish = async (owner: string) => {
  const event = { type: 'sync.failed', data: { user_id: owner, error_message: `of ${owner}` } };
  return String((await api.as('service', 'events:publish').post('/api/events').send(event)).body.id);
};
const list = async (owner: string, path: string) => (await api.as(owner, 'admin').get(path)).body.data as { id: string }[];
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
  test('holds only the caller’s data, whatever scopes the token has', async () => {
    expect(ids(await list('alice', '/api/webhooks'))).toEqual([alices.webhook]);
    expect(await list('bob', '/api/webhooks')).toEqual([]);
    expect(ids(await list('alice', '/api/events'))).toEqual([alices.event]);
    expect(ids(await list('bob', '/api/events'))).toEqual([bobsEvent]);
    expect(await list('carol', '/api/events')).toEqual([]);
  });

  test('has no parameter for another owner', async () => {
    for (const path of ['/api/webhooks', '/api/events', '/api/events/stream']) {
      const { status, body } = await api.as('bob', 'admin').get(`${path}?owner=alice`);
      expect([path, status, body.errors]).toEqual([path, 400, [{ field: 'owner', message: 'is not a known field' }]]);
    }
  });
});

describe('a cursor', () => {
  test('of another owner’s event is answered like one of an unknown event', async () => {
    const answer = async (cursor: string) => {
      const { status, body } = await api.as('bob').get(`/api/events?cursor=${cursor}`);
      return { status, errors: body.errors };
    };
    expect(await answer(alices.event)).toEqual(await answer(UNKNOWN));
    expect(await answer(alices.event)).toMatchObject({ status: 400 });
  });

  test('of another owner’s webhooks or deliveries is refused', async () => {
    const { body } = await api.as('bob').post('/api/webhooks').send({ url: 'https://example.com/' });
    const status = async (path: string) => (await api.as('bob').get(path)).status;
    const webhooks = (owner: string) => toCursor(`webhooks of ${owner}`, alices.webhook);
    expect(await status(`/api/webhooks?cursor=${webhooks('alice')}`)).toBe(400);
    expect(await status(`/api/webhooks?cursor=${webhooks('bob')}`)).toBe(200);
    const deliveries = (webhook: string) => toCursor(`deliveries of ${webhook}`, 'dlv_zzzzzzzz');
    const bobs = String(body.id);
    expect(await status(`/api/webhooks/${bobs}/deliveries?cursor=${deliveries(alices.webhook)}`)).toBe(400);
    expect(await status(`/api/webhooks/${bobs}/deliveries?cursor=${deliveries(bobs)}`)).toBe(200);
  });
});

describe('a stream', () => {
  async function firstFrames(owner: string, lastEventId: string, until: string): Promise<string> {
    const response = await fetch(`${api.url}/api/events/stream`, {
      headers: { authorization: `Bearer ${api.token(owner)}`, 'last-event-id': lastEventId },
    });
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      // `stream.gap`, which comes before the event, names its id, too: so the text must hold its frame.
      if (text.includes(`id: ${until}\n`) && text.endsWith('\n\n')) break;
    }
    return text;
  }

  test('that resumes after another owner’s event gets the same as after an unknown event', async () => {
    const foreign = await firstFrames('bob', alices.event, bobsEvent);
    const unknown = await firstFrames('bob', UNKNOWN, bobsEvent);
    const comparable = (text: string) => text.replaceAll(/retry: \d+|evt_[0-9a-f-]+/g, '');
    expect(comparable(foreign)).toBe(comparable(unknown));
    expect(foreign).toContain('event: stream.gap');
    expect(foreign).not.toContain('of alice');
  });
});

describe('an idempotency key', () => {
  test('belongs to one publisher: the same key of another publisher is another request', async () => {
    const send = async (publisher: string, owner: string) => {
      const event = { type: 'sync.failed', data: { user_id: owner, error_message: '' } };
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
