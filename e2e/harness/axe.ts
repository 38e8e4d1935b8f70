import axe from 'axe-core';
import type { Page } from 'playwright-core';

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * What axe finds wrong with a page, each with where it is.
 *
 * @param except a part of the page that is not ours, as a selector
 */
export async function barriersIn(page: Page, except?: string): Promise<string[]> {
  // Evaluated by the browser's own tools, which no policy of the page stops; a script element it would.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(
    ([tags, exclude]) => {
      const { axe: there } = globalThis as unknown as { axe: typeof axe };
      const options = { runOnly: tags, resultTypes: ['violations' as const] };
      return exclude === undefined ? there.run(options) : there.run({ exclude }, options);
    },
    [WCAG, except] as const,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${String(failureSummary)}`),
  );
}
