import { createAgents, createGuard, parseNetworks } from '@tidings/egress';
import { createSender } from '@tidings/worker/send';

/** What each of the limits sends. */
export const body = JSON.stringify({
  type: 'sync.completed',
  data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1.5 },
});
export const headers = { 'content-type': 'application/json' };

/** Sends it as the worker does. */
export function createSending(url: string): () => Promise<unknown> {
  const guard = createGuard({ allowed: parseNetworks('127.0.0.0/8') });
  const send = createSender({ agents: createAgents({ guard }), timeoutMs: 15_000 });
  return () => send({ url, body, headers });
}
