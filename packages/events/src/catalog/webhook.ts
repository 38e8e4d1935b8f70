import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { userId } from './user-id.js';

/** Tidings or an operator disabled a webhook. A system event on the stream of the webhook's owner; never sent to a webhook. */
export const webhookDisabled = defineEvent({
  type: 'webhook.disabled',
  audience: 'owner',
  description:
    'A webhook was disabled: it responded with 410 Gone, every attempt failed for too long, or an operator disabled it.',
  schema: z.strictObject({
    user_id: userId,
    webhook_id: z.string(),
    reason: z
      .enum(['failing', 'gone', 'operator'])
      .describe(
        '`gone`: the receiver responded with 410; `failing`: every attempt failed for too long; `operator`: an operator disabled it',
      ),
    disabled_at: z.iso.datetime(),
  }),
  example: {
    user_id: 'alice',
    webhook_id: 'wh_01938c4e-5c3a-7e6b-9f00-3d2f1a0b4c5d',
    reason: 'failing',
    disabled_at: '2026-11-24T10:00:00.000Z',
  },
});

/**
 * Deliveries of a webhook are about to outlive the retention time, or have done so. A system event on the stream of the webhook's owner;
 * never sent to a webhook.
 */
export const webhookExpiring = defineEvent({
  type: 'webhook.expiring',
  audience: 'owner',
  description:
    'A webhook is paused, or takes its deliveries too slowly, and some that wait are about to be as old as events are kept, or are. They are skipped if they still wait at the named time.',
  schema: z.strictObject({
    user_id: userId,
    webhook_id: z.string(),
    paused_by: z
      .array(z.enum(['owner', 'operator', 'verification']))
      .describe('Who has paused it; `verification`: it waits until its URL is verified; empty: it is not paused'),
    deliveries: z.int().describe('The number of deliveries; at most 10,000 are counted.'),
    oldest_at: z.iso.datetime().describe('When the oldest of them was created.'),
    skipped_after: z.iso.datetime().describe('The time after which they are skipped.'),
  }),
  example: {
    user_id: 'alice',
    webhook_id: 'wh_01938c4e-5c3a-7e6b-9f00-3d2f1a0b4c5d',
    paused_by: ['owner'],
    deliveries: 120,
    oldest_at: '2026-10-27T10:00:00.000Z',
    skipped_after: '2026-11-27T00:00:00.000Z',
  },
});

/**
 * The challenge by which a receiver shows that it expects events (`VERIFY_WEBHOOKS`). It goes only to that webhook: it is on no
 * stream and not in the event log.
 */
export const webhookVerification = defineEvent({
  type: 'webhook.verification',
  audience: 'everyone',
  description:
    'Tidings verifies the URL of a webhook before it sends events there. The receiver answers with a 2xx and the challenge, as JSON `{"challenge": "…"}` or as plain text.',
  schema: z.strictObject({ webhook_id: z.string(), challenge: z.string() }),
  example: {
    webhook_id: 'wh_01938c4e-5c3a-7e6b-9f00-3d2f1a0b4c5d',
    challenge: 'x3Jt0sQmB2gq0m1y8cVYvK5cX6rT7hWnE9aLpD4uFzI',
  },
});

/** The event that `POST /api/webhooks/{id}/test` sends. It goes only to that webhook: it is on no stream and not in the event log. */
export const webhookTest = defineEvent({
  type: 'webhook.test',
  audience: 'everyone',
  description: 'The owner of a webhook tests it.',
  schema: z.strictObject({ webhook_id: z.string(), message: z.string() }),
  example: { webhook_id: 'wh_01938c4e-5c3a-7e6b-9f00-3d2f1a0b4c5d', message: 'This is a test.' },
});
