/** Maximum number of a webhook's deliveries that are counted: it bounds the cost, however many are pending. */
const MAX_COUNTED = 10_000;

/**
 * Returns an SQL expression for the number of a webhook's pending deliveries, at most 10,000. It reads each stage by its own
 * index.
 *
 * @param webhookId the column that has the webhook's id; never a value from a request
 */
export function countPending(webhookId: string): string {
  const stages = ['admitted', 'backoff', 'parked'].map(
    (stage) => `(SELECT FROM deliveries WHERE webhook_id = ${webhookId} AND stage = '${stage}' LIMIT ${String(MAX_COUNTED)})`,
  );
  return `(SELECT least(count(*), ${String(MAX_COUNTED)}) FROM (${stages.join(' UNION ALL ')}) AS pending)`;
}
