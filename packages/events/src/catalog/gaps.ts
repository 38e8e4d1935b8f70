import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { userId } from './user-id.js';

const name = z.string().min(1).max(255);

/** The gaps in a user's collection have changed. Only that user may see the event. */
export const gapsUpdated = defineEvent({
  type: 'gaps.updated',
  audience: 'owner',
  description: "The gaps in a user's collection were computed again for one artist, label or other entity.",
  schema: z.strictObject({ user_id: userId, entity_type: name, entity_id: name }),
  example: { user_id: 'alice', entity_type: 'artist', entity_id: '45' },
});
