import { z } from 'zod';
import { USER_ID, USER_ID_RULE } from '../event.js';

export const userId = z
  .string()
  .regex(USER_ID, USER_ID_RULE)
  .describe('The user whom this is about, and the only one who sees it');
