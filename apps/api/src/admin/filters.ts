import { z } from 'zod';
import { OWNER_ID, OWNER_ID_RULE } from '@tidings/events';

/** `?owner=` of a list: only items of this owner. The pattern also refuses NUL, which PostgreSQL accepts in no text. */
export const ownerFilter = z
  .string()
  .regex(OWNER_ID, OWNER_ID_RULE)
  .optional()
  .meta({ description: 'Returns only items of this owner.' });

/** `?webhook_id=` of a list: only items of this webhook, which may have been removed. */
export const webhookFilter = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,100}$/, 'must be the id of a webhook')
  .optional()
  .meta({ description: 'Returns only items of this webhook, which may have been removed.' });
