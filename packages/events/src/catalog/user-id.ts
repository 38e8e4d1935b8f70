import { z } from 'zod';
import { OWNER_ID, OWNER_ID_RULE } from '../event.js';

/** The field `user_id` of events with the audience `user`. */
export const userId = z.string().regex(OWNER_ID, OWNER_ID_RULE).describe('The user of the event, the only one who may see it');
