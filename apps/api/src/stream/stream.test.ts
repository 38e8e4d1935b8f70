import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ heartbeatMs: 100 });
});
afterAll(() => api.stop());
const streams: AbortController[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.abort();
});

/** Follows the stream as a user, and notes its text. */
async function follow(
  user: string,
  { query = '', lastEventId, token = api.token(user) }: { query?: string; lastEventId?: string; token?: string } = {},
) {
  const abort = new AbortController();
  streams.push(abort);
  const headers = { authorization: `Bearer ${token}`, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) };
  const response = await fetch(`${api.url}/api/events/stream?${query}`, { headers, signal: abort.signal });
  const seen = { text: '', ended: false };
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) seen.text += decoder.decode(chunk as Uint8Array, { stream: true });
    seen.ended = true;
  })().catch(() => undefined);
  const ids = () => [...seen.text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id);
  return { response, seen, ids, until: (check: () => void) => eventually(check) };
}
const publish = async (body: object) => {
  const response = await api.as('service', 'events:publish').post('/api/events').send(body);
  return String(response.body.id);
};
const sync = (user_id: string) => ({ type: 'sync.completed', data: { user_id, items_synced: 1, errors: 0, duration_s: 1 } });
const everyone = { type: 'extraction.started', data: { version: '1', entity_types: [] } };

describe('the stream', () => {
  test('begins with the headers that keep proxies from holding it back, and a retry hint', async () => {
    const { response, seen, until } = await follow('alice');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    await until(() => {
      expect(seen.text).toMatch(/^retry: \d+\n\n/);
    });
  });

  test("shows a user's events to that user only, and everyone's to all", async () => {
    const [alice, bob] = [await follow('alice'), await follow('bob')];
    const ids = [await publish(sync('alice')), await publish(everyone)];
    await alice.until(() => {
      expect(alice.ids()).toEqual(ids);
    });
    await bob.until(() => {
      expect(bob.ids()).toEqual(ids.slice(1));
    });
    expect(alice.seen.text).toContain(
      `id: ${String(ids[0])}\nevent: sync.completed\ndata: {"user_id":"alice","items_synced":1,"errors":0,"duration_s":1}\n\n`,
    );
  });

  test('is narrowed by ?types=', async () => {
    const alice = await follow('alice', { query: 'types=extraction.*' });
    await publish(sync('alice'));
    const id = await publish(everyone);
    await alice.until(() => {
      expect(alice.ids()).toEqual([id]);
    });
  });

  test.each(['header', 'query'] as const)('resumes right behind the last event that the client has (%s)', async (where) => {
    const ids = [await publish(sync('alice')), await publish(sync('bob')), await publish(everyone), await publish(sync('alice'))];
    const last = String(ids[0]);
    const alice = await follow('alice', where === 'header' ? { lastEventId: last } : { query: `last_event_id=${last}` });
    ids.push(await publish(sync('alice')));
    await alice.until(() => {
      expect(alice.ids()).toEqual([ids[2], ids[3], ids[4]]);
    });
  });

  test('says that there is a gap when the log does not have the last event, and sends all that there is', async () => {
    const id = await publish(sync('dora'));
    const dora = await follow('dora', { lastEventId: 'evt_gone' });
    await dora.until(() => {
      expect(dora.ids()).toContain(id);
    });
    expect(dora.seen.text).toContain('event: stream.gap\ndata: {"last_event_id":"evt_gone"}');
  });

  test("does not tell somebody else's event from one that never was", async () => {
    const id = await publish(sync('bob'));
    const alice = await follow('alice', { lastEventId: id });
    await alice.until(() => {
      expect(alice.seen.text).toContain('event: stream.gap');
    });
  });

  test('sends heartbeats while nothing happens', async () => {
    const { seen, until } = await follow('alice');
    await until(() => {
      expect(seen.text.split(': heartbeat\n\n').length).toBeGreaterThan(2);
    });
  });

  test('ends with the token', async () => {
    const { seen, until } = await follow('alice', { token: api.token('alice', { expiresIn: 2 }) });
    await until(() => {
      expect(seen.ended).toBe(true);
    });
    expect(seen.text).toMatch(/event: stream\.end\ndata: \{"reason":"token_expired"\}\n\nretry: \d+\n\n$/);
  });

  test.each(['types=sync.nothing', 'last_event_id=a%20b', 'nope=1'])('is refused with ?%s', async (query) => {
    const { response } = await follow('alice', { query });
    expect(response.status).toBe(400);
  });
});
