/** More of one webhook's are not counted: what an answer costs stays bounded, however much waits. */
const COUNTED = 10_000;

/**
 * How many deliveries of a webhook are pending, 10,000 at most, as an expression within a statement: each stage by its own index.
 *
 * @param webhookId the column that names the webhook; never what somebody sent
 */
export function countPending(webhookId: string): string {
  const stages = ['admitted', 'backoff', 'parked'].map(
    (stage) => `(SELECT FROM deliveries WHERE webhook_id = ${webhookId} AND stage = '${stage}' LIMIT ${String(COUNTED)})`,
  );
  return `(SELECT least(count(*), ${String(COUNTED)}) FROM (${stages.join(' UNION ALL ')}) AS pending)`;
}
