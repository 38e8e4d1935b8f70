import type { Browser, Locator, Page } from 'playwright-core';
import { barriersIn } from './axe.js';

/** Somebody who looks at the dashboard in a browser of their own. */
export interface Visitor {
  page: Page;
  /** Goes to an address of the dashboard. */
  visit: (path: string) => Promise<void>;
  /** What is there by its role and name, as a screen reader tells it. */
  see: (role: Parameters<Page['getByRole']>[0], name: string | RegExp) => Promise<Locator>;
  press: (name: string | RegExp, role?: 'button' | 'link' | 'menuitem' | 'tab') => Promise<void>;
  fill: (label: string | RegExp, text: string) => Promise<void>;
  /** Waits until the page shows the text somewhere. */
  read: (text: string | RegExp) => Promise<void>;
  /** What axe finds wrong, each with where it is. */
  barriers: () => Promise<string[]>;
  /** What went wrong in the page: exceptions, and what its policy refused. */
  complaints: string[];
  leave: () => Promise<void>;
}

interface Eyes {
  scheme?: 'light' | 'dark';
  width?: number;
}

/** Opens the dashboard in a window whose storage nobody else shares. */
export async function openVisitor(
  browser: Browser,
  url: string,
  { scheme = 'light', width = 1200 }: Eyes = {},
): Promise<Visitor> {
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: { width, height: 900 },
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // bull-board's own pages ask for fonts of another host, which their policy rightly refuses.
    if (page.url().includes('/admin/queues')) return;
    if (/Content Security Policy|Warning:/.test(message.text())) complaints.push(message.text());
  });
  const see: Visitor['see'] = async (role, name) => {
    const found = page.getByRole(role, { name }).first();
    await found.waitFor();
    return found;
  };
  return {
    page,
    complaints,
    see,
    async visit(path) {
      await page.goto(`${url}${path}`);
    },
    async press(name, role = 'button') {
      await (await see(role, name)).click();
    },
    fill: (label, text) => page.getByLabel(label).first().fill(text),
    read: (text) => page.getByText(text).first().waitFor(),
    barriers: () => barriersIn(page),
    leave: () => context.close(),
  };
}
