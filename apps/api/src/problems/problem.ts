import { z } from 'zod';
import { shorten, type FieldError } from '@tidings/events';
import { eventTypeChangesJson } from '../event-types/view.js';

const fieldErrorJson = z.strictObject({ field: z.string(), message: z.string() }).meta({ id: 'FieldError' });

/** The JSON of a problem document, the response to every error. */
export const problemJson = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    errors: z.array(fieldErrorJson).optional(),
    ...eventTypeChangesJson.pick({ breaks: true, changes: true, webhooks: true, more_webhooks: true }).partial().shape,
    request_id: z.string(),
  })
  .meta({
    id: 'Problem',
    description:
      'RFC 9457. `errors` names every wrong field of the request; `breaks`, `changes` and `webhooks` say what a refused change of an event type would do.',
  });

/**
 * An error with its HTTP response: a problem document. Routes throw it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly more: {
      detail?: string;
      /** The wrong fields of the request. */
      errors?: readonly FieldError[];
      headers?: Readonly<Record<string, string>>;
      /** Further members of the document (RFC 9457, section 3.2). */
      extensions?: Readonly<Record<string, unknown>>;
    } = {},
  ) {
    super(title);
    this.name = 'Problem';
  }
}

/** Longer ids are cut off: a path may have 16 KB. */
const MAX_SHOWN = 300;

/** A 404, the same for a resource that does not exist and for another owner's (I7). `resource` is a noun, such as `webhook`. */
export function notFound(resource: string, id: string): Problem {
  return new Problem(404, 'Not found', { detail: `There is no ${resource} "${shorten(id, MAX_SHOWN)}".` });
}

/** The maximum number of wrong fields in a response, which must not be many times larger than the request. */
const MAX_ERRORS = 1000;
/** A name in the path of a field may have a megabyte, and a message repeats values or lists all event types. In characters. */
const MAX_FIELD = 200;
const MAX_MESSAGE = 1000;

/** A 400 that names the wrong fields, at most 1,000 of them; long paths and messages are cut off. */
export function invalid(errors: readonly FieldError[]): Problem {
  const more = errors.length - MAX_ERRORS;
  const advice = 'Nothing was changed. Correct the fields named in "errors" and send it again.';
  return new Problem(400, 'The request is not valid', {
    detail: more > 0 ? `${advice} ${more.toLocaleString('en')} more fields are wrong.` : advice,
    errors: errors
      .slice(0, MAX_ERRORS)
      .map(({ field, message }) => ({ field: shorten(field, MAX_FIELD), message: shorten(message, MAX_MESSAGE) })),
  });
}
