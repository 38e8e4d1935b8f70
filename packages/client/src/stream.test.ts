import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@tidings/testing';
import { createClient, StreamError, type EventStore, type StreamedEvent, type StreamOptions } from './index.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let server: Server;
let url: string;
/** The server's response to each connection, in order. Further connections get an open, empty stream. */
let answers: Answer[];
let requests: IncomingMessage[];
let abort: AbortController;
beforeEach(async () => {
  answers = [];
  requests = [];
  abort = new AbortController();
  server = createServer((request, response) => {
    requests.push(request);
    (answers.shift() ?? open())(response, request);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterEach(() => {
  abort.abort();
  server.closeAllConnections();
  server.close();
});

/** Sends parts of a stream, and leaves it open. */
const open =
  (...parts: (string | Buffer)[]): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    for (const part of parts) response.write(part);
  };
/** Sends parts of a stream, and ends it. */
const ended =
  (...parts: (string | Buffer)[]): Answer =>
  (response, request) => {
    open(...parts)(response, request);
    response.end();
  };
const refused =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (response) => {
    const problem = { type: 'about:blank', title: 'Refused', status, detail: 'Because.', request_id: '1' };
    response.writeHead(status, { 'content-type': 'application/problem+json', ...headers }).end(JSON.stringify(problem));
  };
const RETRY = 'retry: 1\n\n';
const event = (id: string) =>
  `id: ${id}\nevent: sync.completed\ndata: {"user_id":"ä🎵","items_synced":1,"errors":0,"duration_s":1}\n\n`;

/** Follows the stream, and records the handled events and the waits. */
function follow({ token = 'token', ...options }: Partial<StreamOptions> & { token?: string | (() => string) } = {}) {
  const handled: StreamedEvent[] = [];
  const waits: number[] = [];
  const done = createClient({ url, token }).stream({
    signal: abort.signal,
    maxWaitMs: 1,
    onReconnect: (waitMs) => waits.push(waitMs),
    onEvent: (one) => void handled.push(one),
    ...options,
  });
  done.catch(() => undefined);
  return { done, ids: () => handled.map(({ id }) => id), handled, waits };
}
const lastEventIds = () => requests.map(({ headers }) => headers['last-event-id']);

describe('a stream', () => {
  test('requests the types and the audience, with the token, and passes each event with its data', async () => {
    answers = [open(RETRY, event('e1'))];
    const { handled } = follow({ types: ['sync.*', 'gaps.updated'], audience: 'all' });
    await eventually(() => {
      const data = { user_id: 'ä🎵', items_synced: 1, errors: 0, duration_s: 1 };
      expect(handled).toEqual([{ id: 'e1', type: 'sync.completed', data, json: JSON.stringify(data) }]);
    });
    expect(requests[0]?.url).toBe('/api/events/stream?types=sync.*%2Cgaps.updated&audience=all');
    expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer token', accept: 'text/event-stream' });
  });

  test('passes the text of the data, too, with digits that a number of JavaScript cannot hold', async () => {
    answers = [open(RETRY, 'id: e1\nevent: sync.completed\ndata: {"duration_s":9007199254740993,"errors":1.0}\n\n')];
    const { handled } = follow();
    await eventually(() => {
      expect(handled.map(({ json }) => json)).toEqual(['{"duration_s":9007199254740993,"errors":1.0}']);
    });
  });

  test('is parsed with any chunk boundaries, with a BOM, and with any line ends', async () => {
    const bytes = Buffer.from(`\u{FEFF}${event('e1')}${event('e2').replaceAll('\n', '\r\n')}${event('e3')}`);
    answers = [open(...[...bytes].map((byte) => Buffer.from([byte])))];
    const { ids, handled } = follow();
    await eventually(() => {
      expect(ids()).toEqual(['e1', 'e2', 'e3']);
    });
    expect(new Set(handled.map(({ data }) => JSON.stringify(data))).size).toBe(1);
  });

  test('resumes after the last handled event, whether the connection ended, broke or was refused', async () => {
    answers = [
      ended(RETRY, event('e1')),
      (response, request) => {
        open(event('e2'))(response, request);
        setImmediate(() => response.destroy());
      },
      refused(503),
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('A proxy says hello.'),
      ended(event('e3').slice(0, -2)),
      open(event('e3')),
    ];
    const { ids } = follow();
    await eventually(() => {
      expect(ids()).toEqual(['e1', 'e2', 'e3']);
    });
    expect(lastEventIds()).toEqual([undefined, 'e1', 'e2', 'e2', 'e2', 'e2']);
  });

  test('resumes at its first position when the connection ends before the first event', async () => {
    answers = [ended(RETRY, 'id: e0\nevent: stream.open\ndata: {"heartbeat_ms":15000}\n\n'), open()];
    const { ids } = follow();
    await eventually(() => {
      expect(lastEventIds()).toEqual([undefined, 'e0']);
    });
    expect(ids()).toEqual([]);
  });

  test('waits as long as the server asks for', async () => {
    answers = [ended('retry: 7\n\n'), refused(429, { 'retry-after': '0' }), ended(), open()];
    const { waits } = follow();
    await eventually(() => {
      expect(waits).toHaveLength(3);
    });
    expect([waits[0], waits[2]]).toEqual([7, 7]);
    await eventually(() => {
      expect(requests).toHaveLength(4);
    });
    answers = [refused(503, { 'retry-after': '60' })];
    const next = follow();
    await eventually(() => {
      expect(next.waits).toEqual([60_000]);
    });
  });

  test('reports a gap', async () => {
    answers = [open('event: stream.gap\ndata: {"last_event_id":"e0","oldest_event_id":"e1"}\n\n', event('e1'))];
    const gaps: unknown[] = [];
    const { ids } = follow({ lastEventId: 'e0', onGap: (gap) => gaps.push(gap) });
    await eventually(() => {
      expect(ids()).toEqual(['e1']);
    });
    expect(gaps).toEqual([{ lastEventId: 'e0', oldestEventId: 'e1' }]);
  });

  test.each([
    ['connection', open()],
    ['request', (): void => undefined],
  ])('replaces a %s without data for too long', async (_what, silent) => {
    // More than one, as a busy machine may be silent for as long.
    answers = [silent, ...Array<Answer>(1000).fill(open(event('e1')))];
    const { ids } = follow({ silenceMs: 50 });
    await eventually(() => {
      expect(ids()[0]).toBe('e1');
    });
  });
});

describe('the handling of events', () => {
  test('is one at a time: the next event is passed when the previous one is done, and no more is read meanwhile', async () => {
    const SILENCE_MS = 1000;
    const releases: (() => void)[] = [];
    let written = 0;
    answers = [
      (response, request) => {
        open(event('e1'))(response, request);
        // Much more than the buffers between server and client hold.
        const more = (): void => {
          while (written < 500 && !response.destroyed) {
            written += 1;
            if (!response.write(event(`more-${String(written)}`).replace('ä', 'x'.repeat(200_000)))) {
              response.once('drain', more);
              return;
            }
          }
        };
        more();
      },
    ];
    const started: string[] = [];
    follow({
      silenceMs: SILENCE_MS,
      onEvent: async ({ id }) => {
        started.push(id);
        await new Promise<void>((resolve) => releases.push(resolve));
        // A slow handler must not count as a silent server.
        await new Promise((resolve) => setTimeout(resolve, 2 * SILENCE_MS));
      },
    });
    await eventually(() => {
      expect(started).toEqual(['e1']);
    });
    releases.shift()?.();
    await eventually(() => {
      expect(started).toEqual(['e1', 'more-1']);
    });
    expect(requests).toHaveLength(1);
    expect(written).toBeLessThan(500);
  });

  test('ends the stream when it throws, and the id of that event is not saved', async () => {
    answers = [open(event('e1'), event('e2'), event('e3'))];
    const saved: string[] = [];
    const store: EventStore = { load: () => null, save: (id) => saved.push(id) };
    const { done } = follow({
      store,
      onEvent: ({ id }) => {
        if (id === 'e2') throw new Error('no');
      },
    });
    await expect(done).rejects.toThrow('no');
    expect(saved).toEqual(['e1']);
  });

  test('is saved in the store, after which the next start resumes', async () => {
    answers = [open(event('e1'), event('e2'))];
    let saved: string | null = null;
    const store: EventStore = {
      load: () => Promise.resolve(saved),
      save: async (id) => {
        await new Promise(setImmediate);
        saved = id;
      },
    };
    const first = follow({ store });
    await eventually(() => {
      expect(saved).toBe('e2');
    });
    abort.abort();
    await first.done;
    abort = new AbortController();
    follow({ store });
    await eventually(() => {
      expect(lastEventIds()).toEqual([undefined, 'e2']);
    });
  });
});

describe('the end of a stream', () => {
  test.each(['connected', 'waiting'])('comes when the signal is aborted, while the stream is %s', async (when) => {
    answers = when === 'connected' ? [open(event('e1'))] : [ended('retry: 60000\n\n', event('e1'))];
    const { done, ids } = follow();
    await eventually(() => {
      expect(ids()).toEqual(['e1']);
    });
    abort.abort();
    await done;
    expect(requests).toHaveLength(1);
  });

  test('comes with a 204', async () => {
    answers = [(response) => response.writeHead(204).end()];
    await follow().done;
    expect(requests).toHaveLength(1);
  });

  test.each([400, 401, 403, 404, 406])('comes with a %i, and an error with the problem document', async (status) => {
    answers = [refused(status)];
    const { done } = follow();
    await expect(done).rejects.toThrow(StreamError);
    await expect(done).rejects.toMatchObject({ status, problem: { title: 'Refused' } });
    await expect(done).rejects.toThrow(`The stream is refused: ${String(status)} Refused. Because.`);
    expect(requests).toHaveLength(1);
  });

  test('does not come with an expired token: a new token is requested once', async () => {
    const tokens = ['old', 'new', 'new'];
    answers = [ended(RETRY, event('e1')), refused(401), open(event('e2')), refused(401)];
    const { ids } = follow({ token: () => tokens.shift() ?? 'new' });
    await eventually(() => {
      expect(ids()).toEqual(['e1', 'e2']);
    });
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new', 'Bearer new']);
  });

  test('comes when a token is refused and the source returns the same token again', async () => {
    answers = [refused(401), refused(401)];
    const { done } = follow({ token: () => 'same' });
    await expect(done).rejects.toMatchObject({ status: 401 });
    expect(requests).toHaveLength(2);
  });
});
