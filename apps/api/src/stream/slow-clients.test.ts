import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { eventually } from '@tidings/testing';
import { followStream, forEveryone, publishTo, type Following } from '../../test/follow-stream.js';
import { startApi, type TestApi } from '../../test/start-api.js';

const BUFFER = 64 * 1024;

let api: TestApi;
afterEach(() => api.stop());

/** Opens a stream and takes nothing of it until it is told to. */
async function openAndWait({ lastEventId, expiresIn = 3600 }: { lastEventId?: string | undefined; expiresIn?: number } = {}) {
  const headers = {
    authorization: `Bearer ${api.token('slow', { expiresIn })}`,
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  };
  const request = get(`${api.url}/api/events/stream`, { headers });
  request.on('error', () => undefined);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return {
    /** Takes all that comes, until it ends or breaks off, or until an event has come; with a pause after each part. */
    async readOn({ until, pauseMs }: { until?: string; pauseMs?: number } = {}): Promise<string> {
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
const ended = (reason: string) =>
  eventually(async () => {
    expect(await api.metrics()).toContain(`tidings_stream_ended_total{reason="${reason}"} 1`);
  });
const idsIn = (text: string) =>
  [...text.matchAll(/^id: (.+)\nevent: (?!stream\.).+\ndata: .*\n\n/gm)].map(([, id]) => String(id));
/** More than the kernel holds between a server and a client. */
const publishMuch = async () => {
  const ids: string[] = [];
  for (let count = 0; count < 40; count += 1) ids.push(...(await publishTo(api, forEveryone(200_000), forEveryone(200_000))));
  return ids;
};

describe('a client that takes nothing', () => {
  test('is ended when too much waits for it, while others get everything, and resumes without loss', async () => {
    api = await startApi({ stream: { bufferBytes: BUFFER } });
    const slow = await openAndWait();
    const quick = await followStream(api, { user: 'quick' });
    const ids = await publishMuch();
    await quick.until(() => {
      expect(quick.ids()).toEqual(ids);
    });
    await ended('too_slow');

    const received = idsIn(await slow.readOn());
    expect(received).toEqual(ids.slice(0, received.length));
    expect(received.length).toBeLessThan(ids.length);
    const again = await followStream(api, { user: 'slow', lastEventId: received.at(-1) ?? '' });
    await again.until(() => {
      expect(again.ids()).toEqual(ids.slice(received.length));
    });
  });

  test('is told why, and when to come back, if it reads on in time', async () => {
    api = await startApi({ stream: { bufferBytes: BUFFER } });
    const slow = await openAndWait();
    await publishMuch();
    const text = await slow.readOn();
    expect(text).toMatch(/\n\nevent: stream\.end\ndata: \{"reason":"too_slow"\}\n\nretry: \d+\n\n$/);
  });

  test('is ended while it is caught up, too, when it has taken nothing from one heartbeat to the next', async () => {
    api = await startApi({ stream: { heartbeatMs: 150 } });
    const [first] = await publishTo(api, forEveryone());
    const ids = await publishMuch();
    const slow = await openAndWait({ lastEventId: first });
    await ended('too_slow');
    const received = idsIn(await slow.readOn());
    expect(received).toEqual(ids.slice(0, received.length));
    expect(received.length).toBeLessThan(ids.length);
  });
});

test('a client that takes what it missed at its own pace is waited for', async () => {
  api = await startApi({ stream: { bufferBytes: BUFFER } });
  const [first, ...ids] = [...(await publishTo(api, forEveryone())), ...(await publishMuch())];
  const slow = await openAndWait({ lastEventId: first });
  expect(idsIn(await slow.readOn({ until: String(ids.at(-1)), pauseMs: 2 }))).toEqual(ids);
});

test('a client that takes nothing does not hold up the end of its stream: it is cut off', async () => {
  api = await startApi({ stream: { bufferBytes: 64 * 1024 * 1024, heartbeatMs: 3000 } });
  const deaf = await openAndWait({ expiresIn: 3 });
  const ids = await publishMuch();
  await ended('token_expired');
  await eventually(async () => {
    expect(await api.metrics()).toContain('tidings_stream_connections 0');
  });
  const text = await deaf.readOn();
  expect(text).not.toContain('token_expired');
  expect(idsIn(text)).toEqual(ids.slice(0, idsIn(text).length));
});

test('a client that takes what it gets is not ended by large events, nor by many at once', async () => {
  api = await startApi({ stream: { bufferBytes: BUFFER, heartbeatMs: 150 } });
  const clients: Following[] = [];
  for (let count = 0; count < 5; count += 1) clients.push(await followStream(api, { user: 'quick' }));
  const ids = await publishMuch();
  ids.push(...(await publishTo(api, ...Array.from({ length: 500 }, () => forEveryone(1000)))));
  for (const { until, ids: received } of clients) {
    await until(() => {
      expect(received()).toEqual(ids);
    });
  }
});
