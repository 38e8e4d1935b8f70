import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { userId } from './user-id.js';

/** Tidings disabled a webhook. Tidings itself publishes it, to its owner's stream; it is never sent to a webhook. */
export const webhookDisabled = defineEvent({
  type: 'webhook.disabled',
  audience: 'user',
  description: 'Tidings disabled a webhook, because it answered 410 Gone or because every attempt failed for too long.',
  schema: z.strictObject({
    user_id: userId,
    webhook_id: z.string(),
    reason: z.enum(['failing', 'gone']).describe('`gone`: it answered 410; `failing`: every attempt failed for too long'),
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
