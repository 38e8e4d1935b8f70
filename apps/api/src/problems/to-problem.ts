import { ConflictingEventError } from '@tidings/accept';
import { InvalidEventError } from '@tidings/events';
import { invalid, Problem } from './problem.js';

interface ParserError {
  /** What a broken compression brings has none. */
  type?: string;
  status: number;
}

const PARSER_PROBLEMS: Record<string, [title: string, detail: string]> = {
  'entity.too.large': ['The body is too large', 'A body may be at most 1 MB. Publish fewer events at a time.'],
  'entity.parse.failed': ['The body is not JSON', 'The body could not be parsed as JSON.'],
  'charset.unsupported': ['The character set is not supported', 'Send the body as UTF-8.'],
  'encoding.unsupported': ['The content encoding is not supported', 'Send the body as it is, or with gzip, deflate or br.'],
  'request.aborted': ['The request was aborted', 'The body ended before its content length.'],
  'request.size.invalid': ['The body has another length than said', 'Content-Length and the body do not agree.'],
};

/**
 * Connection failure, shutting down, too many connections (PostgreSQL's classes 08, 57P, 53), a statement, a lock or an
 * answer that took too long (57014, 55P03), a deadlock (40P01), no partition yet for today (23514), sockets, the pool's wait.
 */
const UNAVAILABLE = /^(08|57P|57014|55P03|40P01|23514|53|ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_|P1001|P1002|P1017|P2024)/;
const POOL_TIMEOUT = /timeout exceeded when trying to connect|Connection terminated|Query read timeout/;

/** The one place where exceptions become answers. Null: it is a fault of ours, which must be logged. */
export function toProblem(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (error instanceof InvalidEventError) return invalid(error.errors);
  if (error instanceof ConflictingEventError) return taken(error.ids);
  if (isParserError(error)) {
    const [title, detail] = PARSER_PROBLEMS[error.type ?? ''] ?? [
      'The body could not be read',
      'Its bytes are not what its headers say, such as its Content-Encoding.',
    ];
    return new Problem(error.status, title, { detail });
  }
  if (error instanceof URIError)
    return new Problem(400, 'The path is not valid', { detail: 'It holds a wrong percent encoding.' });
  if (isUnavailable(error)) {
    return new Problem(503, 'The database is not available', {
      detail: 'Send the request again. Events may have been accepted all the same: give them the same ids.',
      headers: { 'retry-after': '1' },
    });
  }
  return null;
}

function taken(ids: readonly string[]): Problem {
  return new Problem(409, 'The id is taken', {
    detail: 'Another event, with another type or other data, has the id. Nothing was accepted. Another event needs another id.',
    errors: ids.map((id) => ({ field: 'id', message: `"${id}" is the id of another event` })),
  });
}

/** What body-parser throws; when the body was not compressed as it says, without a type. */
function isParserError(error: unknown): error is ParserError {
  if (!(error instanceof Error) || !('expose' in error) || !('status' in error)) return false;
  return error.expose === true && typeof error.status === 'number' && error.status >= 400 && error.status < 500;
}

function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return UNAVAILABLE.test(code) || POOL_TIMEOUT.test(error.message);
}
