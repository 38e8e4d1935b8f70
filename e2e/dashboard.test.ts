import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { accessibilityTests } from './dashboard/accessibility.js';
import { deliveryTests } from './dashboard/deliveries.js';
import { eventTypeTests } from './dashboard/event-types.js';
import { eventTests } from './dashboard/events.js';
import type { DashboardFixture } from './dashboard/fixture.js';
import { operatorTests } from './dashboard/operator.js';
import { signInTests } from './dashboard/sign-in.js';
import { webhookTests } from './dashboard/webhooks.js';
import { CHROMIUM, startChromium } from './harness/chromium.js';
import { openDashboardWindow, type DashboardWindow } from './harness/dashboard-window.js';
import { describeWith } from './harness/programs.js';
import { startTidings } from './harness/tidings.js';

describeWith({ Chromium: CHROMIUM }, 'the dashboard', () => {
  // `beforeAll` sets the fields.
  const fixture = {} as DashboardFixture;
  let browser: Browser;
  const windows: DashboardWindow[] = [];
  beforeAll(async () => {
    browser = await startChromium();
    const env = { DELIVERY_INITIAL_DELAY_MS: '50', DELIVERY_ATTEMPTS: '2', RECONCILE_INTERVAL_MS: '200' };
    fixture.tidings = await startTidings({ env });
    fixture.service = fixture.tidings.asUser('service', 'events:publish');
    fixture.open = async (options) => {
      const dashboard = await openDashboardWindow(browser, fixture.tidings.url, options);
      windows.push(dashboard);
      return dashboard;
    };
    fixture.openAs = async (user, path = '/', options) => {
      const dashboard = await fixture.open(options);
      await dashboard.goto(`${path}#token=${user.token}`);
      return dashboard;
    };
  });
  afterEach(async () => {
    const pageErrors = windows.flatMap((dashboard) => dashboard.pageErrors);
    await Promise.all(windows.splice(0).map((dashboard) => dashboard.close()));
    expect(pageErrors).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    await fixture.tidings.stop();
  });

  signInTests(fixture);
  webhookTests(fixture);
  deliveryTests(fixture);
  eventTests(fixture);
  operatorTests(fixture);
  eventTypeTests(fixture);
  accessibilityTests(fixture);
});
