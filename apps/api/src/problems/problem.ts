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

/** So many wrong fields are named: an answer must not be many times as long as what it answers. */
const MAX_ERRORS = 1000;

/** 400 with every wrong field, up to 1,000. */
export function invalid(errors: readonly FieldError[]): Problem {
  const more = errors.length - MAX_ERRORS;
  const advice = 'Nothing was changed. Correct the fields named in "errors" and send it again.';
  return new Problem(400, 'The request is not valid', {
    detail: more > 0 ? `${advice} There are ${more.toLocaleString('en')} more.` : advice,
    errors: errors.slice(0, MAX_ERRORS),
  });
}
