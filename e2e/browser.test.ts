import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { gapsUpdated } from '@tidings/events';
import { freePort } from '@tidings/local';
import { eventually } from '@tidings/testing';
import { CHROMIUM, startChromium } from './harness/chromium.js';
import { NGINX, startNginx, type Nginx } from './harness/nginx.js';
import { startPages, type Pages } from './harness/pages.js';
import { describeWith } from './harness/programs.js';
import { rememberSecret } from './harness/known-secrets.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import type { User } from './harness/user.js';

interface ReceivedEvent {
  id: string;
  type: string;
  data: unknown;
}

/** The globals that the scripts of the pages set. */
interface PageGlobals {
  received: ReceivedEvent[];
  /** The `readyState` of the EventSource at each error. */
  errors: number[];
  /** Whether the page has received `stream.open`, and so knows the position at which its stream starts. */
  isPositionKnown: boolean;
  source: EventSource;
}

const gap = (user: string, entityId = 'ä🎵\u2028') => gapsUpdated({ user_id: user, entity_type: 'artist', entity_id: entityId });

describeWith({ Chromium: CHROMIUM }, 'in Chromium', () => {
  let tidings: Tidings;
  let service: User;
  let browser: Browser;
  let allowed: Pages;
  let notAllowed: Pages;
  beforeAll(async () => {
    allowed = await startPages(await freePort());
    notAllowed = await startPages();
    tidings = await startTidings({ env: { CORS_ORIGINS: allowed.origin } });
    service = tidings.asUser('service', 'events:publish');
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([allowed.stop(), notAllowed.stop()]);
    await tidings.stop();
  });

  const pages: Page[] = [];
  afterEach(() => Promise.all(pages.splice(0).map((page) => page.close())));
  const openPage = async (origin: string): Promise<Page> => {
    const page = await browser.newPage();
    pages.push(page);
    await page.goto(`${origin}/page`);
    return page;
  };
  const ticketFor = async (user: User): Promise<string> => {
    const { body } = await user.call('POST', '/api/events/stream/ticket');
    return String(body['ticket']);
  };
  /** Opens an EventSource in the page, and resolves with its `readyState` when it is open or has failed. */
  const follow = (page: Page, url: string): Promise<number> =>
    page.evaluate(async (url) => {
      const globals = globalThis as unknown as PageGlobals;
      globals.received = [];
      globals.errors = [];
      globals.isPositionKnown = false;
      globals.source = new EventSource(url);
      for (const type of ['gaps.updated', 'stream.gap', 'stream.end']) {
        globals.source.addEventListener(type, (event) => {
          const { lastEventId: id, data } = event as unknown as { lastEventId: string; data: string };
          globals.received.push({ id, type, data: JSON.parse(data) as unknown });
        });
      }
      globals.source.addEventListener('stream.open', () => (globals.isPositionKnown = true));
      globals.source.addEventListener('error', () => globals.errors.push(globals.source.readyState));
      await new Promise((resolve) => {
        globals.source.addEventListener('open', resolve);
        globals.source.addEventListener('error', resolve);
      });
      return globals.source.readyState;
    }, url);
  const receivedBy = (page: Page): Promise<ReceivedEvent[]> =>
    page.evaluate(() => (globalThis as unknown as PageGlobals).received);
  const idsReceivedBy = async (page: Page): Promise<string[]> => (await receivedBy(page)).map(({ id }) => id);
  const [OPEN, CLOSED] = [1, 2];

  test('gives a page of an allowed origin a ticket that opens one stream', async () => {
    const alice = tidings.asUser('alice');
    const page = await openPage(allowed.origin);
    const ticket = await page.evaluate(
      async ([url, token]) => {
        const response = await fetch(`${String(url)}/api/events/stream/ticket`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${String(token)}` },
        });
        return ((await response.json()) as { ticket: string }).ticket;
      },
      [tidings.url, alice.token],
    );
    rememberSecret(ticket);
    const url = `${tidings.url}/api/events/stream?types=gaps.*&ticket=${ticket}`;
    expect(await follow(page, url)).toBe(OPEN);
    const ids = [await service.publish(gap('alice')), await service.publish(gap('alice'))];
    await eventually(async () => {
      expect(await receivedBy(page)).toEqual(ids.map((id) => ({ id, type: 'gaps.updated', data: gap('alice').data })));
    });

    // Closed: browsers do not reconnect after a 401.
    expect(await follow(page, url)).toBe(CLOSED);
    const again = await ticketFor(alice);
    expect(await follow(page, `${tidings.url}/api/events/stream?ticket=${again}&last_event_id=${String(ids[0])}`)).toBe(OPEN);
    await eventually(async () => {
      expect(await idsReceivedBy(page)).toEqual(ids.slice(1));
    });
  });

  test('refuses the stream to a page of another origin', async () => {
    const page = await openPage(notAllowed.origin);
    const ticket = await ticketFor(tidings.asUser('alice'));
    expect(await follow(page, `${tidings.url}/api/events/stream?ticket=${ticket}`)).toBe(CLOSED);
    expect(await receivedBy(page)).toEqual([]);
  });

  test('runs the client package without a bundler: stream and API calls', async () => {
    const carol = tidings.asUser('carol');
    const page = await openPage(allowed.origin);
    const webhooks = await page.evaluate(
      async ([url, token]) => {
        const globals = globalThis as unknown as PageGlobals;
        globals.received = [];
        const name = '@tidings/client';
        const { createClient } = (await import(name)) as typeof import('@tidings/client');
        const client = createClient({ url: String(url), token: () => String(token) });
        void client.stream({ types: ['gaps.*'], lastEventId: '@start', onEvent: (event) => void globals.received.push(event) });
        return (await client.api.GET('/api/webhooks')).data?.data;
      },
      [tidings.url, carol.token],
    );
    expect(webhooks).toEqual([]);
    const id = await service.publish(gap('carol'));
    await eventually(async () => {
      expect(await receivedBy(page)).toMatchObject([{ id, type: 'gaps.updated', data: gap('carol').data }]);
    });
  });

  describeWith({ nginx: NGINX }, 'behind a proxy that adds the token', () => {
    let proxy: Nginx;
    afterAll(() => proxy.stop());

    test('resumes an EventSource after a restart of the API with exactly the missed events', async () => {
      const dora = tidings.asUser('dora');
      proxy = await startNginx({
        upstream: tidings.url,
        // As docs/deploying.md has it: no EventSource tries again after a 502.
        location: `proxy_set_header Authorization "Bearer ${dora.token}"; error_page 502 504 = @later;`,
        server: `location @later { default_type text/event-stream; return 200 "retry: 1000\\n\\n"; }
          location = /page { default_type text/html; return 200 "<title>A page</title>"; }`,
      });
      const page = await openPage(proxy.url);
      expect(await follow(page, '/api/events/stream?types=gaps.*')).toBe(OPEN);
      await eventually(async () => {
        expect(await page.evaluate(() => (globalThis as unknown as PageGlobals).isPositionKnown)).toBe(true);
      });
      // It has received no event yet, but knows the position at which its stream started.
      await tidings.api.stop('SIGTERM');
      await Promise.all(Array.from({ length: 10 }, () => tidings.publisher.publish(gap('dora'))));
      // It has tried to reconnect while no API was running.
      await eventually(async () => {
        expect(await page.evaluate(() => (globalThis as unknown as PageGlobals).errors.length)).toBeGreaterThan(1);
      });
      await tidings.startApi({ PORT: new URL(tidings.url).port });
      await eventually(async () => {
        expect(await receivedBy(page)).toHaveLength(10);
      });
      await service.publish(gap('dora'));
      await eventually(async () => {
        expect(await receivedBy(page)).toHaveLength(11);
      });
      expect(await idsReceivedBy(page)).toEqual(await dora.eventLog());
    });
  });
});
