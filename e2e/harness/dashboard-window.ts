import type { Browser, Locator, Page } from 'playwright-core';
import { findViolations } from './axe.js';

/** A browser window with the dashboard. */
export interface DashboardWindow {
  page: Page;
  /** Opens a path of the dashboard. */
  goto: (path: string) => Promise<void>;
  /** Waits for an element with this role and accessible name. */
  find: (role: Parameters<Page['getByRole']>[0], name: string | RegExp) => Promise<Locator>;
  click: (name: string | RegExp, role?: 'button' | 'link' | 'menuitem' | 'tab') => Promise<void>;
  fill: (label: string | RegExp, text: string) => Promise<void>;
  /** Waits until the page shows the text. */
  waitForText: (text: string | RegExp) => Promise<void>;
  /** Returns the accessibility violations of the page. */
  findViolations: () => Promise<string[]>;
  /** Uncaught exceptions, framework warnings and violations of the Content-Security-Policy. */
  pageErrors: string[];
  close: () => Promise<void>;
}

export interface WindowOptions {
  colorScheme?: 'light' | 'dark';
  width?: number;
}

/** Opens a window with its own cookies and storage. */
export async function openDashboardWindow(
  browser: Browser,
  url: string,
  { colorScheme = 'light', width = 1200 }: WindowOptions = {},
): Promise<DashboardWindow> {
  const context = await browser.newContext({
    colorScheme,
    viewport: { width, height: 900 },
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const pageErrors: string[] = [];
  page.on('pageerror', (error) => pageErrors.push(error.message));
  page.on('console', (message) => {
    // The pages of bull-board request fonts from another host, which their Content-Security-Policy blocks as intended.
    if (page.url().includes('/admin/queues')) return;
    if (/Content Security Policy|Warning:/.test(message.text())) pageErrors.push(message.text());
  });
  const find: DashboardWindow['find'] = async (role, name) => {
    const locator = page.getByRole(role, { name }).first();
    await locator.waitFor();
    return locator;
  };
  return {
    page,
    pageErrors,
    find,
    async goto(path) {
      await page.goto(`${url}${path}`);
    },
    async click(name, role = 'button') {
      await (await find(role, name)).click();
    },
    fill: (label, text) => page.getByLabel(label).first().fill(text),
    waitForText: (text) => page.getByText(text).first().waitFor(),
    findViolations: () => findViolations(page),
    close: () => context.close(),
  };
}
