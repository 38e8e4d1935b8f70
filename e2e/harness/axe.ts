import axe from 'axe-core';
import type { Page } from 'playwright-core';

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * Returns the accessibility violations that axe finds in a page, each with its element.
 *
 * @param exclude a selector for third-party content
 */
export async function findViolations(page: Page, exclude?: string): Promise<string[]> {
  // The page's Content-Security-Policy forbids an added script element, but not code from the developer tools protocol.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(
    ([tags, excluded]) => {
      const { axe: loadedAxe } = globalThis as unknown as { axe: typeof axe };
      const options = { runOnly: tags, resultTypes: ['violations' as const] };
      return excluded === undefined ? loadedAxe.run(options) : loadedAxe.run({ exclude: excluded }, options);
    },
    [WCAG, exclude] as const,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${String(failureSummary)}`),
  );
}
