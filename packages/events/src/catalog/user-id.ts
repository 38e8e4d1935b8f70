import { z } from 'zod';
import { USER_ID } from '../event.js';

export const userId = z
  .string()
  .regex(USER_ID, 'must be 1 to 255 characters without control characters')
  .describe('The user whom this is about, and the only one who sees it');
