/** Advances the line starts of the webhooks that this worker delivers to (`advanceLineStarts` of `@tidings/database`). */
export interface LineStarts {
  /** Counts a delivery of this webhook whose attempt was recorded. */
  count: (webhookId: string) => void;
  /** Advances the line starts of webhooks with enough deliveries since the last time. Rejects while the database is away. */
  advance: () => Promise<void>;
}

/**
 * Number of recorded attempts after which a webhook's line start is advanced. Until then each look at its line may read as many
 * index entries of ended deliveries; a start costs about as much as one delivery's row.
 */
const ADVANCE_AFTER = 20;
/** The maximum number of webhooks of one statement. */
const MAX_WEBHOOKS = 1000;

/**
 * Creates the counts of this worker, by webhook.
 *
 * @param advanceLineStarts advances the line starts of these webhooks in the database
 */
export function createLineStarts(advanceLineStarts: (webhookIds: string[]) => Promise<void>): LineStarts {
  const recorded = new Map<string, number>();
  const due = new Set<string>();
  return {
    count(webhookId) {
      const count = (recorded.get(webhookId) ?? 0) + 1;
      recorded.set(webhookId, count);
      if (count >= ADVANCE_AFTER) due.add(webhookId);
    },
    async advance() {
      while (due.size > 0) {
        const webhookIds = [...due].slice(0, MAX_WEBHOOKS);
        await advanceLineStarts(webhookIds);
        for (const webhookId of webhookIds) {
          due.delete(webhookId);
          recorded.delete(webhookId);
        }
      }
    },
  };
}
