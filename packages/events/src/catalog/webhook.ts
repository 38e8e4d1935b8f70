import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { userId } from './user-id.js';

/** Tidings or an operator disabled a webhook. A system event on the stream of the webhook's owner; never sent to a webhook. */
export const webhookDisabled = defineEvent({
  type: 'webhook.disabled',
  audience: 'user',
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

/** The event that `POST /api/webhooks/{id}/test` sends. It goes only to that webhook: it is on no stream and not in the event log. */
export const webhookTest = defineEvent({
  type: 'webhook.test',
  audience: 'everyone',
  description: 'The owner of a webhook tests it.',
  schema: z.strictObject({ webhook_id: z.string(), message: z.string() }),
  example: { webhook_id: 'wh_01938c4e-5c3a-7e6b-9f00-3d2f1a0b4c5d', message: 'This is a test.' },
});
