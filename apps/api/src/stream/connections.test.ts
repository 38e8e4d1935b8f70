import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { followStream, forEveryone, publishTo } from '../../test/follow-stream.js';
import { openRaw, statusesIn } from '../../test/raw-socket.js';
import { startApi, type TestApi } from '../../test/start-api.js';

const PATH = '/api/events/stream';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ stream: { perOwner: 3, max: 5, heartbeatMs: 1000 } });
});
afterAll(() => api.stop());

const headersOf = (owner: string) => ({ authorization: `Bearer ${api.token(owner)}` });
const metric = async (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(await api.metrics())?.[1]);
const waitForNoStreams = () =>
  eventually(async () => {
    expect(await metric('tidings_stream_connections')).toBe(0);
  });

describe('a stream', () => {
  test.each(['text/html', 'application/json', 'text/event-stream;q=0'])(
    'is not sent to a client that accepts only %s',
    async (accept) => {
      const { response } = await followStream(api, { owner: 'alice', headers: { accept } });
      expect(response.status).toBe(406);
      expect(response.headers.get('content-type')).toMatch('application/problem+json');
    },
  );

  test.each(['text/event-stream', 'text/*', '*/*', 'text/html, text/event-stream;q=0.1'])(
    'is sent to one that accepts %s',
    async (accept) => {
      const { response, close } = await followStream(api, { owner: 'alice', headers: { accept } });
      expect(response.status).toBe(200);
      close();
      await waitForNoStreams();
    },
  );

  test('answers HEAD with its headers, and does not count as a stream', async () => {
    const response = await fetch(api.url + PATH, { method: 'HEAD', headers: headersOf('alice') });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await response.text()).toBe('');
    expect((await fetch(`${api.url}${PATH}?types=none`, { method: 'HEAD', headers: headersOf('alice') })).status).toBe(400);
    expect(await metric('tidings_stream_connections')).toBe(0);
  });

  test('answers OPTIONS with its methods', async () => {
    const response = await fetch(api.url + PATH, { method: 'OPTIONS', headers: headersOf('alice') });
    expect(response.status).toBe(204);
    expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });

  test('over HTTP/1.0 has no chunks, and ends with its connection', async () => {
    const client = await openRaw(api.url);
    client.send(`GET ${PATH} HTTP/1.0\r\nAuthorization: ${headersOf('alice').authorization}\r\n\r\n`);
    await eventually(() => {
      expect(client.received()).toMatch(/\r\n\r\nid: .+\nretry: \d+\n\n/);
    });
    const [id] = await publishTo(api, forEveryone());
    await eventually(() => {
      expect(client.received()).toMatch(new RegExp(`\n\nid: ${String(id)}\nevent: extraction.started\ndata: .*\n\n`));
    });
    expect(client.received()).not.toMatch(/transfer-encoding/i);
    client.destroy();
    await waitForNoStreams();
  });

  test('is refused when it is pipelined behind another response: it would count as a stream forever', async () => {
    const client = await openRaw(api.url);
    const request = (token: string) => `GET ${PATH} HTTP/1.1\r\nHost: tidings\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    client.send(request(api.token('alice', { expiresIn: 1 })) + request(api.token('alice')) + request(api.token('alice')));
    await eventually(() => {
      expect(statusesIn(client.received())).toEqual([200, 400, 400]);
    });
    expect(client.received()).toContain('A stream needs a connection of its own');
    expect(await metric('tidings_stream_connections')).toBe(0);
    client.destroy();
  });

  test('whose client disconnects before it begins stops counting', async () => {
    const [id] = await publishTo(api, forEveryone());
    const holder = await api.database.pool.connect();
    await holder.query('BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
    const client = await openRaw(api.url);
    client.send(
      `GET ${PATH} HTTP/1.1\r\nHost: tidings\r\nAuthorization: ${headersOf('early').authorization}\r\nLast-Event-ID: ${String(id)}\r\n\r\n`,
    );
    await eventually(async () => {
      expect(await metric('tidings_stream_connections')).toBe(1);
    });
    client.destroy();
    await waitForNoStreams();
    await holder.query('COMMIT');
    holder.release();
    // The next client is served after it.
    const next = await followStream(api, { owner: 'next', lastEventId: String(id) });
    await next.waitFor(() => {
      expect(next.received.text).toContain('retry: ');
    });
    const before = await metric('tidings_stream_events_sent_total');
    const [live] = await publishTo(api, forEveryone());
    await next.waitFor(() => {
      expect(next.ids()).toEqual([live]);
    });
    expect(await metric('tidings_stream_events_sent_total')).toBe(before + 1);
  });

  test('leaves its connection usable for the next request when it ends', async () => {
    const client = await openRaw(api.url);
    const short = api.token('alice', { expiresIn: -3 });
    client.send(`GET ${PATH} HTTP/1.1\r\nHost: tidings\r\nAuthorization: Bearer ${short}\r\n\r\n`);
    await eventually(() => {
      expect(client.received()).toMatch(/token_expired[^]*\r\n0\r\n\r\n$/);
    });
    client.send('GET /healthz HTTP/1.1\r\nHost: tidings\r\n\r\n');
    await eventually(() => {
      expect(statusesIn(client.received())).toEqual([200, 200]);
    });
    client.destroy();
  });
});

describe('the number of streams', () => {
  test('of one owner is limited: a further one gets a 429, until one is closed', async () => {
    await waitForNoStreams();
    const streams = await Promise.all([1, 2, 3].map(() => followStream(api, { owner: 'alice' })));
    const { response, received, waitFor } = await followStream(api, { owner: 'alice' });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    await waitFor(() => {
      expect(received.text).toContain('"title":"Too many streams"');
    });
    expect((await followStream(api, { owner: 'bob' })).response.status).toBe(200);

    streams[0]?.close();
    await eventually(async () => {
      expect((await followStream(api, { owner: 'alice' })).response.status).toBe(200);
    });
    expect(await api.metrics()).toMatch(/tidings_stream_refused_total\{limit="owner"\} [1-9]/);
  });

  test('of the process is limited: a further one gets a 503', async () => {
    await waitForNoStreams();
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((owner) => followStream(api, { owner })));
    const { response } = await followStream(api, { owner: 'f' });
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await api.metrics()).toContain('tidings_stream_refused_total{limit="process"} 1');
  });

  test('does not count streams that were refused or aborted before they began', async () => {
    await waitForNoStreams();
    for (let count = 0; count < 10; count += 1) {
      expect((await followStream(api, { owner: 'alice', query: 'types=none' })).response.status).toBe(400);
      const aborted = await openRaw(api.url);
      aborted.send(`GET ${PATH} HTTP/1.1\r\nHost: tidings\r\nAuthorization: ${headersOf('alice').authorization}\r\n\r\n`);
      aborted.destroy();
    }
    await waitForNoStreams();
    expect((await followStream(api, { owner: 'alice' })).response.status).toBe(200);
  });
});
