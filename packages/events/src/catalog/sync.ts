import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { userId } from './user-id.js';

/** A user's collection was synchronised. Only that user may see the event. */
export const syncCompleted = defineEvent({
  type: 'sync.completed',
  audience: 'owner',
  description: "A user's collection was synchronised.",
  schema: z.strictObject({
    user_id: userId,
    items_synced: z.int().min(0),
    errors: z.int().min(0).describe('Items that could not be synchronised'),
    duration_s: z.number().min(0).describe('Duration in seconds'),
  }),
  example: { user_id: 'alice', items_synced: 150, errors: 0, duration_s: 12.4 },
});

/** The synchronisation of a user's collection failed. Only that user may see the event. */
export const syncFailed = defineEvent({
  type: 'sync.failed',
  audience: 'owner',
  description: "The synchronisation of a user's collection failed.",
  schema: z.strictObject({ user_id: userId, error_message: z.string().max(4096) }),
  example: { user_id: 'alice', error_message: 'The collection service answered 503.' },
});
