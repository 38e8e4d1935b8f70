import { z } from 'zod';
import { hasFourDigitYear } from '@tidings/events';

/** The schema of a time in a query or a body: ISO 8601 with an offset. The parsed value is a `Date`. */
export const time = z.iso
  .datetime({ offset: true, abort: true, message: 'must be an ISO 8601 time with an offset' })
  .refine(hasFourDigitYear, 'must be in the years 1 to 9999, in UTC')
  .transform((text) => new Date(text));
