import { z } from 'zod';
import type { FieldError } from '@tidings/events';

/** A problem document, as every error is answered. */
export const problemJson = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    errors: z.array(z.strictObject({ field: z.string(), message: z.string() })).optional(),
    request_id: z.string(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457. `errors` names every wrong field of the request.' });

/**
 * An answer that says what was wrong, as a problem document. Throw it from a route.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly more: {
      detail?: string;
      /** Every wrong field of the request. */
      errors?: readonly FieldError[];
      headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(title);
    this.name = 'Problem';
  }
}

/** 404, the same for what does not exist and for what is somebody else's (I7). */
export function notFound(what: string, id: string): Problem {
  return new Problem(404, 'Not found', { detail: `There is no ${what} "${id}".` });
}

/** 400 with every wrong field. */
export function invalid(errors: readonly FieldError[]): Problem {
  return new Problem(400, 'The request is not valid', {
    detail: 'Nothing was changed. Correct the fields named in "errors" and send it again.',
    errors,
  });
}
