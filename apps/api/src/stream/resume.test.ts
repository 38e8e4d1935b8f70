import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { EventSourceParser } from '../../test/event-source.js';
import { publishTo, syncOf } from '../../test/follow-stream.js';
import { startApi, type TestApi } from '../../test/start-api.js';

/**
 * Clients in other languages (httpx-sse, reqwest-eventsource, eventsource-client) follow the WHATWG text to the letter: each
 * connection begins without an id, and a connection that brings none makes them forget theirs. A reader as that text defines
 * it walks through streams that bring no event.
 */
let api: TestApi;
beforeAll(async () => {
  api = await startApi({ stream: { heartbeatMs: 60 } });
});
afterAll(() => api.stop());

const publish = async (owner: string) => String((await publishTo(api, syncOf(owner)))[0]);

/** A reader without an id, and a token of its owner. */
const openEventSource = (owner: string) => ({ source: new EventSourceParser(), token: api.token(owner) });

interface Connection {
  text: () => string;
  isEnded: () => boolean;
  close: () => void;
}

async function connect(options: { source: EventSourceParser; token: string; query?: string }): Promise<Connection> {
  const { source, token, query = '' } = options;
  const abort = new AbortController();
  const response = await fetch(`${api.url}/api/events/stream?types=sync.*${query}`, {
    signal: abort.signal,
    headers: {
      authorization: `Bearer ${token}`,
      ...(source.lastEventId === '' ? {} : { 'last-event-id': source.lastEventId }),
    },
  });
  expect(response.status).toBe(200);
  let text = '';
  let isEnded = false;
  const feed = source.connect();
  void (async () => {
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      feed(part);
    }
    isEnded = true;
  })().catch(() => undefined);
  return {
    text: () => text,
    isEnded: () => isEnded,
    close: () => {
      abort.abort();
    },
  };
}

/** Waits until the stream has sent nothing but heartbeats for a while: several of them follow each other. */
const untilQuiet = ({ text }: Connection) =>
  eventually(() => {
    expect(text()).toMatch(/(: heartbeat\n\n){3}$/);
  });

const idsIn = ({ events }: EventSourceParser) =>
  events.filter(({ type }) => !type.startsWith('stream.')).map(({ lastEventId }) => lastEventId);

describe('a client that begins each connection without an id', () => {
  test('keeps its place through resuming, a quiet time, an end and resuming again, and loses no event', async () => {
    const first = await publish('alice');
    const { source, token } = openEventSource('alice');
    source.lastEventId = first;

    for (const round of [1, 2]) {
      const quiet = await connect({ source, token });
      await untilQuiet(quiet);
      expect([round, source.lastEventId]).toEqual([round, first]);
      quiet.close();
    }

    const ended = await connect({ source, token: api.token('alice', { jti: 'revoked' }) });
    await untilQuiet(ended);
    await api.revoke({ jti: 'revoked' });
    await eventually(() => {
      expect(ended.isEnded()).toBe(true);
    });
    expect(source.events.map(({ type }) => type)).toEqual(['stream.end']);
    expect(source.lastEventId).toBe(first);

    const missed = [await publish('alice'), await publish('alice')];
    const last = await connect({ source, token });
    await eventually(() => {
      expect(idsIn(source)).toEqual(missed);
    });
    expect(source.lastEventId).toBe(missed[1]);
    last.close();
  });

  test('keeps the place at which its first stream began, before any event', async () => {
    const { source, token } = openEventSource('bea');
    const quiet = await connect({ source, token });
    await untilQuiet(quiet);
    quiet.close();
    expect(source.lastEventId).not.toBe('');
    const missed = await publish('bea');
    const again = await connect({ source, token });
    await eventually(() => {
      expect(idsIn(source)).toEqual([missed]);
    });
    again.close();
  });

  test('keeps its id through a gap that no event follows, and learns of the gap at each connection', async () => {
    const { source, token } = openEventSource('cleo');
    source.lastEventId = 'evt_gone';
    for (const gaps of [1, 2]) {
      const quiet = await connect({ source, token });
      await untilQuiet(quiet);
      quiet.close();
      expect(source.lastEventId).toBe('evt_gone');
      expect(source.events.filter(({ type }) => type === 'stream.gap')).toHaveLength(gaps);
    }
  });

  test('learns in the first block of each stream its id and its reconnection time', async () => {
    const id = await publish('dan');
    // The process hears of an event a moment after it was accepted.
    const before = openEventSource('dan');
    before.source.lastEventId = '@start';
    const heard = await connect(before);
    await eventually(() => {
      expect(heard.text()).toContain(id);
    });
    heard.close();
    for (const lastEventId of ['', id, '@start', 'evt_gone']) {
      const { source, token } = openEventSource('dan');
      source.lastEventId = lastEventId;
      const stream = await connect({ source, token });
      await eventually(() => {
        expect(stream.text()).toMatch(/^id: (.+)\nretry: \d+\n\n/);
      });
      const echoed = /^id: (.+)\n/.exec(stream.text())?.[1];
      expect(echoed).toBe(lastEventId === '' ? id : lastEventId);
      stream.close();
    }
  });

  test.each([
    ['line breaks', 'a\nevent: stream.end\ndata: {}\n\n'],
    ['a NUL', 'evt_\0'],
    ['spaces', ' evt_1'],
    ['other characters than those of ids', 'ä🎵'],
    ['more characters than ids have', 'x'.repeat(101)],
  ])('gets an id that is no id, with %s, never back: it resumes from the start of the log', async (_what, lastEventId) => {
    const id = await publish('eve');
    const { source, token } = openEventSource('eve');
    const query = `&last_event_id=${encodeURIComponent(lastEventId)}`;
    const stream = await connect({ source, token, query });
    await eventually(() => {
      expect(idsIn(source)).toContain(id);
    });
    expect(stream.text()).toMatch(/^id: @start\nretry: \d+\n\nevent: stream.gap\ndata: .*\n\n(?:: heartbeat\n\n)*id: /);
    stream.close();
  });
});
