import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { eventually } from '@tidings/testing';
import { followStream, forEveryone, publishTo, type FollowedStream } from '../../test/follow-stream.js';
import { startApi, type TestApi } from '../../test/start-api.js';

const BUFFER_BYTES = 64 * 1024;

let api: TestApi;
afterEach(() => api.stop());

/** Opens a stream, and reads nothing of it until the test calls `readAll`. */
async function openWithoutReading({
  lastEventId,
  expiresIn = 3600,
}: { lastEventId?: string | undefined; expiresIn?: number } = {}) {
  const headers = {
    authorization: `Bearer ${api.token('slow', { expiresIn })}`,
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  };
  const request = get(`${api.url}/api/events/stream`, { headers });
  request.on('error', () => undefined);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return {
    /** Reads until the stream ends or breaks, or the event `until` has come; with a pause after each chunk. */
    async readAll({ until, pauseMs }: { until?: string; pauseMs?: number } = {}): Promise<string> {
      let text = '';
      response.setEncoding('utf8').on('data', (data: string) => {
        text += data;
        if (until !== undefined && text.endsWith('\n\n') && text.includes(`id: ${until}\n`)) response.destroy();
        if (pauseMs === undefined) return;
        response.pause();
        setTimeout(() => response.resume(), pauseMs);
      });
      if (!response.closed) await new Promise((resolve) => response.once('close', resolve));
      return text;
    },
  };
}
const waitForEnd = (reason: string) =>
  eventually(async () => {
    expect(await api.metrics()).toContain(`tidings_stream_ended_total{reason="${reason}"} 1`);
  });
const idsIn = (text: string) =>
  [...text.matchAll(/^id: (.+)\nevent: (?!stream\.).+\ndata: .*\n\n/gm)].map(([, id]) => String(id));
/** Publishes more than the kernel's buffers hold between a server and a client. */
const publishMany = async () => {
  const ids: string[] = [];
  for (let count = 0; count < 40; count += 1) ids.push(...(await publishTo(api, forEveryone(200_000), forEveryone(200_000))));
  return ids;
};

describe('a client that does not read', () => {
  test('is ended when too much data waits for it, while others get everything, and resumes without loss', async () => {
    api = await startApi({ stream: { bufferBytes: BUFFER_BYTES } });
    const slow = await openWithoutReading();
    const quick = await followStream(api, { owner: 'quick' });
    const ids = await publishMany();
    await quick.waitFor(() => {
      expect(quick.ids()).toEqual(ids);
    });
    await waitForEnd('too_slow');

    const received = idsIn(await slow.readAll());
    expect(received).toEqual(ids.slice(0, received.length));
    expect(received.length).toBeLessThan(ids.length);
    const again = await followStream(api, { owner: 'slow', lastEventId: received.at(-1) ?? '' });
    await again.waitFor(() => {
      expect(again.ids()).toEqual(ids.slice(received.length));
    });
  });

  test('gets the reason and a time to reconnect, if it starts to read in time', async () => {
    api = await startApi({ stream: { bufferBytes: BUFFER_BYTES } });
    const slow = await openWithoutReading();
    const publishing = publishMany();
    await waitForEnd('too_slow');
    const text = await slow.readAll();
    await publishing;
    expect(text).toMatch(/\n\nevent: stream\.end\ndata: \{"reason":"too_slow"\}\n\nretry: \d+\n\n$/);
  });

  test('is also ended while it catches up, when it takes no data from one heartbeat to the next', async () => {
    api = await startApi({ stream: { heartbeatMs: 150 } });
    const [first] = await publishTo(api, forEveryone());
    const ids = await publishMany();
    const slow = await openWithoutReading({ lastEventId: first });
    await waitForEnd('too_slow');
    const received = idsIn(await slow.readAll());
    expect(received).toEqual(ids.slice(0, received.length));
    expect(received.length).toBeLessThan(ids.length);
  });
});

test('a client that reads missed events slowly is waited for', async () => {
  api = await startApi({ stream: { bufferBytes: BUFFER_BYTES } });
  const [first, ...ids] = [...(await publishTo(api, forEveryone())), ...(await publishMany())];
  // Events that this process has not read yet are none that the client missed.
  const quick = await followStream(api, { owner: 'quick', lastEventId: String(first) });
  await quick.waitFor(() => {
    expect(quick.ids()).toEqual(ids);
  });
  const slow = await openWithoutReading({ lastEventId: first });
  expect(idsIn(await slow.readAll({ until: String(ids.at(-1)), pauseMs: 2 }))).toEqual(ids);
});

test('a client that does not read cannot delay the end of its stream: its connection is closed', async () => {
  api = await startApi({ stream: { bufferBytes: 64 * 1024 * 1024, heartbeatMs: 3000 } });
  const client = await openWithoutReading({ expiresIn: -1 });
  const ids = await publishMany();
  await waitForEnd('token_expired');
  await eventually(async () => {
    expect(await api.metrics()).toContain('tidings_stream_connections 0');
  });
  const text = await client.readAll();
  expect(text).not.toContain('token_expired');
  expect(idsIn(text)).toEqual(ids.slice(0, idsIn(text).length));
});

test('a client that reads in time is not ended by large events, or by many at once', async () => {
  api = await startApi({ stream: { bufferBytes: BUFFER_BYTES, heartbeatMs: 150 } });
  const clients: FollowedStream[] = [];
  for (let count = 0; count < 5; count += 1) clients.push(await followStream(api, { owner: 'quick' }));
  const ids = await publishMany();
  ids.push(...(await publishTo(api, ...Array.from({ length: 500 }, () => forEveryone(1000)))));
  for (const { waitFor, ids: received } of clients) {
    await waitFor(() => {
      expect(received()).toEqual(ids);
    });
  }
});
