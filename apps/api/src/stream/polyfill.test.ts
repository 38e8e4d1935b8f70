import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import polyfill from 'event-source-polyfill';
import { createFaultProxy, eventually, type FaultProxy } from '@tidings/testing';
import { publishTo, syncOf } from '../../test/follow-stream.js';
import { startApi, type TestApi } from '../../test/start-api.js';

/** The part of the package that the test uses; it has no types. */
interface Polyfill {
  EventSourcePolyfill: new (
    url: string,
    options: { headers: Record<string, string> },
  ) => {
    readyState: number;
    addEventListener: (type: string, listener: (event: { lastEventId: string }) => void) => void;
    close: () => void;
  };
}
const { EventSourcePolyfill } = polyfill as unknown as Polyfill;

let api: TestApi;
let proxy: FaultProxy;
beforeAll(async () => {
  // The polyfill prints the reason of each reconnection.
  jest.spyOn(console, 'error').mockReturnValue(undefined);
  api = await startApi();
  proxy = await createFaultProxy(api.url);
});
afterAll(async () => {
  await proxy.disconnect();
  await api.stop();
});

test.each(['', '?types=sync.*&last_event_id=@start'])(
  'event-source-polyfill resumes after a broken connection, without gap or repeat: /api/events/stream%s',
  async (query) => {
    const owner = `paul${query}`;
    const source = new EventSourcePolyfill(new URL(`/api/events/stream${query}`, proxy.url).href, {
      headers: { Authorization: `Bearer ${api.token(owner)}` },
    });
    const received: string[] = [];
    let opened = 0;
    let gaps = 0;
    source.addEventListener('sync.completed', ({ lastEventId }) => received.push(lastEventId));
    source.addEventListener('open', () => (opened += 1));
    source.addEventListener('stream.gap', () => (gaps += 1));
    await eventually(() => {
      expect(opened).toBe(1);
    });
    const ids = await publishTo(api, syncOf(owner), syncOf(owner));
    await eventually(() => {
      expect(received).toEqual(ids);
    });
    await proxy.disconnect();
    ids.push(...(await publishTo(api, syncOf(owner))));
    await proxy.restore();
    await eventually(() => {
      expect(received).toEqual(ids);
    });
    ids.push(...(await publishTo(api, syncOf(owner))));
    await eventually(() => {
      expect(received).toEqual(ids);
    });
    expect([opened, gaps]).toEqual([2, 0]);
    source.close();
  },
);
