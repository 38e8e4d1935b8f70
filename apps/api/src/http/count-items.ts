import type { z } from 'zod';

/** The maximum number of items of a list in a query or a body, unless the list says another one. */
export const MAX_ITEMS = 50;

/**
 * Returns the first step of the schema of a list or an object (`z.preprocess`): it counts the items before any of them is checked, so
 * that thousands of them cost no more than one that is too many.
 *
 * @param noun what the items are, in the plural
 */
export function countItems(noun: string, max = MAX_ITEMS) {
  return (value: unknown, context: z.RefinementCtx): unknown => {
    const count = typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
    // With the issue, the checks of the items are left out.
    if (count > max) {
      const message = `must hold at most ${String(max)} ${noun}, and has ${count.toLocaleString('en')}`;
      context.addIssue({ code: 'custom', message });
    }
    return value;
  };
}
