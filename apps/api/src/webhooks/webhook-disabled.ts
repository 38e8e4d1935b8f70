import { Problem } from '../problems/problem.js';

/** A 409 for a request that would send something to a disabled webhook. */
export function webhookDisabled(webhookId: string): Problem {
  return new Problem(409, 'The webhook is disabled', {
    detail: `Nothing is sent to "${webhookId}" while it is disabled. PATCH /api/webhooks/${webhookId} with {"enabled": true}, then try again.`,
  });
}
