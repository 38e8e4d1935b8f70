import { z } from 'zod';

/** The schema of a body that changes some of these fields, at least one of them. */
export function changeOf<Fields extends z.ZodRawShape>(fields: Fields, id: string) {
  return z
    .strictObject(fields)
    .partial()
    .refine((body) => Object.keys(body).length > 0, 'must name at least one field to change')
    .meta({ id, minProperties: 1 });
}
