import { ConflictingEventError, InvalidEventTypeError } from '@tidings/accept';
import { findFailure } from '@tidings/database';
import { InvalidEventError } from '@tidings/events';
import { MAX_BODY } from '../http/json-body.js';
import { invalid, Problem } from './problem.js';

interface ParserError {
  /** Undefined for errors of decompression. */
  type?: string;
  status: number;
  /** The maximum size of a body, in bytes, where it was exceeded. */
  limit?: number;
}

const PARSER_PROBLEMS: Record<string, [title: string, detail: string]> = {
  'entity.parse.failed': ['The body is not JSON', 'The body could not be parsed as JSON.'],
  'charset.unsupported': ['The character set is not supported', 'Send the body as UTF-8.'],
  'encoding.unsupported': [
    'The content encoding is not supported',
    'Send the body uncompressed, or compressed with gzip, deflate or br.',
  ],
  'request.aborted': ['The request was aborted', 'The body ended before its Content-Length.'],
  'request.size.invalid': ['The body has the wrong length', 'The length of the body differs from Content-Length.'],
};

/** The SQLSTATE of a statement that PostgreSQL ended, at its time limit or because an operator asked for it. */
const QUERY_CANCELED = '57014';

/** Codes of sockets and DNS: of Redis, or of a database whose error was not marked. */
const SOCKET = /^(ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_)/;

/** Turns an exception into a problem; the only place that does. Null: an internal error, which must be logged. */
export function toProblem(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (error instanceof InvalidEventError || error instanceof InvalidEventTypeError) return invalid(error.errors);
  if (error instanceof ConflictingEventError) return idTaken(error.ids);
  if (isParserError(error)) {
    if (error.type === 'entity.too.large') return tooLarge(error.limit ?? 0, error.status);
    const [title, detail] = PARSER_PROBLEMS[error.type ?? ''] ?? [
      'The body could not be read',
      'Its bytes do not match its headers, such as Content-Encoding.',
    ];
    return new Problem(error.status, title, { detail });
  }
  if (error instanceof URIError)
    return new Problem(400, 'The path is not valid', { detail: 'The path has an invalid percent encoding.' });
  if (findFailure(error)?.code === QUERY_CANCELED) return tookTooLong();
  return isUnavailable(error) ? databaseUnavailable() : null;
}

/** A 503 with `Retry-After`. */
export function databaseUnavailable(): Problem {
  return new Problem(503, 'The database is not available', {
    detail: 'Send the request again. Events may have been accepted already: send them with the same ids.',
    headers: { 'retry-after': '1' },
  });
}

/** PostgreSQL cancelled a statement after its time limit. */
function tookTooLong(): Problem {
  return new Problem(503, 'The database took too long', {
    detail:
      'A statement was ended at its time limit: one second for a read. Send the request again, or ask for less: a smaller "limit", or less time between "since" and "until". Events may have been accepted already: send them with the same ids.',
    headers: { 'retry-after': '1' },
  });
}

function tooLarge(maxBytes: number, status: number): Problem {
  const isPublishing = maxBytes === MAX_BODY.events;
  const detail = isPublishing
    ? 'A body may be at most 1 MB. Publish fewer events at a time.'
    : `The body of this route may be at most ${String(maxBytes / 1024)} KB.`;
  return new Problem(status, 'The body is too large', { detail });
}

function idTaken(ids: readonly string[]): Problem {
  return new Problem(409, 'The id is taken', {
    detail: 'Another event, with another type or other data, has this id. Nothing was accepted. Give the new event another id.',
    errors: ids.map((id) => ({ field: 'id', message: `"${id}" is the id of another event` })),
  });
}

/** Whether body-parser threw the error. It has no `type` when decompression failed. */
function isParserError(error: unknown): error is ParserError {
  if (!(error instanceof Error) || !('expose' in error) || !('status' in error)) return false;
  return error.expose === true && typeof error.status === 'number' && error.status >= 400 && error.status < 500;
}

/**
 * Whether the database, and not the request, is the reason: its connection, a lock, a limit, its rights or its state. The same
 * request may succeed later, although an operator may have to do something first.
 */
function isUnavailable(error: unknown): boolean {
  if (findFailure(error) !== null) return true;
  return error instanceof Error && 'code' in error && SOCKET.test(String(error.code));
}
