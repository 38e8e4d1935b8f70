import { z } from 'zod';
import { USER_ID } from '@tidings/events';

/** `?owner=`: only what is of this user. What no user can be called is refused: PostgreSQL takes no text with a NUL. */
export const ofOwner = z
  .string()
  .regex(USER_ID, 'must be 1 to 255 characters without control characters')
  .optional()
  .meta({ description: 'Only what is of this user.' });

/** `?webhook_id=`: only what is of this webhook, which may have been removed. */
export const ofWebhook = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,100}$/, 'must be the id of a webhook')
  .optional()
  .meta({ description: 'Only what is of this webhook.' });
