import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { barriers } from './dashboard/barriers.js';
import { deliveries } from './dashboard/deliveries.js';
import { events } from './dashboard/events.js';
import { operator } from './dashboard/operator.js';
import { wayIn } from './dashboard/way-in.js';
import { ownWebhooks } from './dashboard/webhooks.js';
import type { World } from './dashboard/world.js';
import { CHROMIUM, startChromium } from './harness/chromium.js';
import { describeWith } from './harness/programs.js';
import { startTidings } from './harness/tidings.js';
import { openVisitor, type Visitor } from './harness/visitor.js';

describeWith({ Chromium: CHROMIUM }, 'the dashboard', () => {
  // Filled before the first story.
  const world = {} as World;
  let browser: Browser;
  const visitors: Visitor[] = [];
  beforeAll(async () => {
    browser = await startChromium();
    const env = { DELIVERY_INITIAL_DELAY_MS: '50', DELIVERY_ATTEMPTS: '2', RECONCILE_INTERVAL_MS: '200' };
    world.tidings = await startTidings({ env });
    world.service = world.tidings.asUser('service', 'events:publish');
    world.open = async (eyes) => {
      const visitor = await openVisitor(browser, world.tidings.url, eyes);
      visitors.push(visitor);
      return visitor;
    };
    world.openAs = async (user, path = '/', eyes) => {
      const visitor = await world.open(eyes);
      await visitor.visit(`${path}#token=${user.token}`);
      return visitor;
    };
  }, 60_000);
  afterEach(async () => {
    const complaints = visitors.flatMap((visitor) => visitor.complaints);
    await Promise.all(visitors.splice(0).map((visitor) => visitor.leave()));
    expect(complaints).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    await world.tidings.stop();
  });

  wayIn(world);
  ownWebhooks(world);
  deliveries(world);
  events(world);
  operator(world);
  barriers(world);
});
