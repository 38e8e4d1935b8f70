import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { createClient } from '@tidings/client';
import { publishOverHttp, syncCompleted } from '@tidings/events';
import { CHROMIUM, startChromium } from './harness/chromium.js';
import { openDashboardWindow } from './harness/dashboard-window.js';
import { NGINX, startNginx, type Nginx } from './harness/nginx.js';
import { describeWith } from './harness/programs.js';
import { startTidings, type Tidings } from './harness/tidings.js';

const BASE = '/tidings';

describeWith({ nginx: NGINX, Chromium: CHROMIUM }, `with BASE_PATH=${BASE}, behind nginx`, () => {
  let tidings: Tidings;
  let browser: Browser;
  const proxies: Record<string, Nginx> = {};
  beforeAll(async () => {
    tidings = await startTidings({ env: { BASE_PATH: BASE } });
    const { origin } = new URL(tidings.url);
    // Everything outside the base path belongs to another application.
    const proxy = (target: string) =>
      startNginx({ upstream: origin, location: 'return 421;', server: `location ${BASE}/ { proxy_pass ${target}; }` });
    proxies['that passes the path on'] = await proxy(origin);
    proxies['that strips the path'] = await proxy(`${origin}/`);
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()));
    await tidings.stop();
  });

  const CASES = ['that passes the path on', 'that strips the path'];

  test.each(CASES)('the client and publishers reach it by a URL with the path, through a proxy %s', async (proxy) => {
    const user = `carol ${proxy.replaceAll(' ', '-')}`.replace(' ', '-');
    for (const url of [`${String(proxies[proxy]?.url)}${BASE}`, `${String(proxies[proxy]?.url)}${BASE}/`]) {
      const client = createClient({ url, token: tidings.asUser(user).token });
      expect((await client.api.GET('/api/webhooks')).response.status).toBe(200);
      const publish = publishOverHttp({ url, token: tidings.asUser('service', 'events:publish').token });
      const event = syncCompleted({ user_id: user, items_synced: 1, errors: 0, duration_s: 1 });
      await publish([{ ...event, id: `${user}-${String(url.endsWith('/'))}` }]);
      const end = new AbortController();
      let last = '';
      await client.stream({
        signal: end.signal,
        lastEventId: '@start',
        onEvent({ id }) {
          last = id;
          if (id === `${user}-${String(url.endsWith('/'))}`) end.abort();
        },
      });
      expect(last).toBe(`${user}-${String(url.endsWith('/'))}`);
    }
  });

  test.each(CASES)('every kind of page of the dashboard works there, through a proxy %s', async (proxy) => {
    const url = `${String(proxies[proxy]?.url)}${BASE}`;
    const dashboard = await openDashboardWindow(browser, url);
    const { page } = dashboard;
    const failed: string[] = [];
    page.on('response', (response) => {
      if (response.status() >= 400) failed.push(`${String(response.status())} ${response.url()}`);
    });
    await dashboard.goto(`/#token=${tidings.asUser('olga', 'admin events:publish').token}`);
    await dashboard.find('heading', 'Webhooks');
    await dashboard.click('Live stream', 'link');
    await dashboard.waitForText(/^Live$/);
    expect(new URL(page.url()).pathname).toBe(`${BASE}/stream`);
    await page.reload();
    await dashboard.find('heading', 'Live stream');
    // The operator pages are loaded on demand.
    await dashboard.click('All webhooks', 'link');
    await dashboard.find('heading', 'All webhooks');
    await page
      .getByLabel(/^Owner/)
      .first()
      .fill('olga');
    await page
      .getByLabel(/^Owner/)
      .first()
      .press('Enter');
    await page.waitForURL((address) => address.search.includes('owner=olga'));
    expect(new URL(page.url()).pathname).toBe(`${BASE}/operator/webhooks`);
    await page.goto(`${url}/docs`);
    await dashboard.waitForText('/api/webhooks');
    expect({ failed, errors: dashboard.pageErrors }).toEqual({ failed: [], errors: [] });
    await dashboard.close();
  });
});
