import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { userId } from './user-id.js';

/** Tidings or its operator disabled a webhook. Tidings itself publishes it, to its owner's stream; it is never sent to a webhook. */
export const webhookDisabled = defineEvent({
  type: 'webhook.disabled',
  audience: 'user',
  description: 'A webhook was disabled: it answered 410 Gone, every attempt failed for too long, or an operator did it.',
  schema: z.strictObject({
    user_id: userId,
    webhook_id: z.string(),
    reason: z
      .enum(['failing', 'gone', 'operator'])
      .describe('`gone`: it answered 410; `failing`: every attempt failed for too long; `operator`: whoever runs Tidings did it'),
    disabled_at: z.iso.datetime(),
  }),
  example: {
    user_id: 'alice',
    webhook_id: 'wh_01938c4e-5c3a-7e6b-9f00-3d2f1a0b4c5d',
    reason: 'failing',
    disabled_at: '2026-11-24T10:00:00.000Z',
  },
});

/** What `POST /api/webhooks/{id}/test` sends. It goes to that webhook alone, is on no stream and in no log. */
export const webhookTest = defineEvent({
  type: 'webhook.test',
  audience: 'everyone',
  description: 'The owner of a webhook tests it.',
  schema: z.strictObject({ webhook_id: z.string(), message: z.string() }),
  example: { webhook_id: 'wh_01938c4e-5c3a-7e6b-9f00-3d2f1a0b4c5d', message: 'This is a test.' },
});
