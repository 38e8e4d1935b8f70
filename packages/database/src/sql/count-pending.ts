import { IS_ADMITTED } from './is-admitted.js';

/** Maximum number of a webhook's deliveries that are counted: it bounds the cost, however many are pending. */
const MAX_COUNTED = 10_000;

/**
 * Returns an SQL expression for the number of a webhook's pending deliveries, at most 10,000. It reads each stage by its own
 * index. Those that were accepted before the webhook was last disabled are no longer pending.
 *
 * @param webhook the row of `webhooks`; never a value from a request
 */
export function countPending(webhook: string): string {
  const stages = [IS_ADMITTED, "stage = 'backoff'", "stage = 'parked'"].map(
    (isInStage) => `
      SELECT FROM pending_deliveries
      WHERE webhook_id = ${webhook}.id AND generation = ${webhook}.generation AND ${isInStage} AND NOT ended AND ${webhook}.enabled`,
  );
  return `(SELECT count(*) FROM (SELECT FROM (${stages.join(' UNION ALL ')}) AS waiting LIMIT ${String(MAX_COUNTED)}) AS pending)`;
}
