import { createAgents, createGuard, parseNetworks } from '@tidings/egress';
import { createSender } from '@tidings/worker/send';

/** The body of each request of the upper limits. */
export const body = JSON.stringify({
  type: 'sync.completed',
  data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1.5 },
});
export const headers = { 'content-type': 'application/json' };

/** Creates a function that POSTs the body with the worker's sender. */
export function createSend(url: string): () => Promise<unknown> {
  const guard = createGuard({ allowed: parseNetworks('127.0.0.0/8') });
  const send = createSender({ agents: createAgents({ guard }), timeoutMs: 15_000 });
  return () => send({ url, body, headers });
}
