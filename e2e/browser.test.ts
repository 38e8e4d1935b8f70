import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { gapsUpdated } from '@tidings/events';
import { freePort } from '@tidings/local';
import { eventually } from '@tidings/testing';
import { CHROMIUM, startChromium } from './harness/chromium.js';
import { NGINX, startNginx, type Nginx } from './harness/nginx.js';
import { startPages, type Pages } from './harness/pages.js';
import { describeWith } from './harness/programs.js';
import { see } from './harness/seen.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import type { User } from './harness/user.js';

interface Seen {
  id: string;
  type: string;
  data: unknown;
}

/** What the scripts of the pages leave behind. */
interface Window {
  seen: Seen[];
  errors: number[];
  /** Whether the page knows where its stream begins, which it does a moment after the stream is open. */
  began: boolean;
  source: EventSource;
}

const gap = (user: string, entityId = 'ä🎵\u2028') => gapsUpdated({ user_id: user, entity_type: 'artist', entity_id: entityId });

describeWith({ Chromium: CHROMIUM }, 'in Chromium', () => {
  let tidings: Tidings;
  let service: User;
  let browser: Browser;
  let allowed: Pages;
  let stranger: Pages;
  beforeAll(async () => {
    allowed = await startPages(await freePort());
    stranger = await startPages();
    tidings = await startTidings({ env: { CORS_ORIGINS: allowed.origin } });
    service = tidings.asUser('service', 'events:publish');
    browser = await startChromium();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await Promise.all([allowed.stop(), stranger.stop()]);
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
  /** Opens the browser's own EventSource, and resolves when it is open or has failed. */
  const follow = (page: Page, url: string): Promise<number> =>
    page.evaluate(async (url) => {
      const own = globalThis as unknown as Window;
      own.seen = [];
      own.errors = [];
      own.began = false;
      own.source = new EventSource(url);
      for (const type of ['gaps.updated', 'stream.gap', 'stream.end']) {
        own.source.addEventListener(type, (event) => {
          const { lastEventId: id, data } = event as unknown as { lastEventId: string; data: string };
          own.seen.push({ id, type, data: JSON.parse(data) as unknown });
        });
      }
      own.source.addEventListener('stream.open', () => (own.began = true));
      own.source.addEventListener('error', () => own.errors.push(own.source.readyState));
      await new Promise((resolve) => {
        own.source.addEventListener('open', resolve);
        own.source.addEventListener('error', resolve);
      });
      return own.source.readyState;
    }, url);
  const seenBy = (page: Page): Promise<Seen[]> => page.evaluate(() => (globalThis as unknown as Window).seen);
  const idsSeenBy = async (page: Page): Promise<string[]> => (await seenBy(page)).map(({ id }) => id);
  const [OPEN, CLOSED] = [1, 2];

  test('a page of an allowed origin gets a ticket, and follows with it; a ticket opens one stream', async () => {
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
    see(ticket);
    const url = `${tidings.url}/api/events/stream?types=gaps.*&ticket=${ticket}`;
    expect(await follow(page, url)).toBe(OPEN);
    const ids = [await service.publish(gap('alice')), await service.publish(gap('alice'))];
    await eventually(async () => {
      expect(await seenBy(page)).toEqual(ids.map((id) => ({ id, type: 'gaps.updated', data: gap('alice').data })));
    });

    // Refused for good: no browser tries again after a 401.
    expect(await follow(page, url)).toBe(CLOSED);
    const again = await ticketFor(alice);
    expect(await follow(page, `${tidings.url}/api/events/stream?ticket=${again}&last_event_id=${String(ids[0])}`)).toBe(OPEN);
    await eventually(async () => {
      expect(await idsSeenBy(page)).toEqual(ids.slice(1));
    });
  });

  test('a page of another origin sees nothing', async () => {
    const page = await openPage(stranger.origin);
    const ticket = await ticketFor(tidings.asUser('alice'));
    expect(await follow(page, `${tidings.url}/api/events/stream?ticket=${ticket}`)).toBe(CLOSED);
    expect(await seenBy(page)).toEqual([]);
  });

  test('the client package follows, renews its token, and calls routes, without a bundler', async () => {
    const carol = tidings.asUser('carol');
    const page = await openPage(allowed.origin);
    const webhooks = await page.evaluate(
      async ([url, token]) => {
        const own = globalThis as unknown as Window;
        own.seen = [];
        const name = '@tidings/client';
        const { createClient } = (await import(name)) as typeof import('@tidings/client');
        const client = createClient({ url: String(url), token: () => String(token) });
        void client.stream({ types: ['gaps.*'], lastEventId: '@start', onEvent: (event) => void own.seen.push(event) });
        return (await client.api.GET('/api/webhooks')).data?.data;
      },
      [tidings.url, carol.token],
    );
    expect(webhooks).toEqual([]);
    const id = await service.publish(gap('carol'));
    await eventually(async () => {
      expect(await seenBy(page)).toEqual([{ id, type: 'gaps.updated', data: gap('carol').data }]);
    });
  });

  describeWith({ nginx: NGINX }, 'behind a proxy that adds the token', () => {
    let proxy: Nginx;
    afterAll(() => proxy.stop());

    test('EventSource comes back by itself after a restart of the API, with exactly what it missed', async () => {
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
        expect(await page.evaluate(() => (globalThis as unknown as Window).began)).toBe(true);
      });
      // It has got no event yet, and still knows where it began.
      await tidings.api.stop('SIGTERM');
      await Promise.all(Array.from({ length: 10 }, () => tidings.publisher.publish(gap('dora'))));
      // It has tried again while there was no API.
      await eventually(async () => {
        expect(await page.evaluate(() => (globalThis as unknown as Window).errors.length)).toBeGreaterThan(1);
      }, 20_000);
      await tidings.startApi({ PORT: new URL(tidings.url).port });
      await eventually(async () => {
        expect(await seenBy(page)).toHaveLength(10);
      }, 20_000);
      await service.publish(gap('dora'));
      await eventually(async () => {
        expect(await seenBy(page)).toHaveLength(11);
      });
      expect(await idsSeenBy(page)).toEqual(await dora.eventLog());
    }, 60_000);
  });
});
