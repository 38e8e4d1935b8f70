import { Problem } from '../problems/problem.js';

/** A 409 for a request that would send something to a disabled webhook. */
export function webhookDisabled(webhookId: string): Problem {
  return new Problem(409, 'The webhook is disabled', {
    detail: `Nothing is sent to "${webhookId}" while it is disabled. PATCH /api/webhooks/${webhookId} with {"enabled": true}, then try again.`,
  });
}

/** A 409 for a request that would send something else than a challenge to a webhook that waits for its verification. */
export function webhookUnverified(webhookId: string): Problem {
  return new Problem(409, 'The webhook is not verified', {
    detail: `Nothing is sent to "${webhookId}" before its receiver has answered a challenge. POST /api/webhooks/${webhookId}/verify sends one; GET /api/webhooks/${webhookId} says why the last one failed.`,
  });
}
