import { shorten } from '@tidings/events';
import { Problem } from '../problems/problem.js';

/** The query parameters of a request: a text for each, and a list of texts for one that is repeated. */
export type Query = Record<string, string | string[]>;

/**
 * Parses a query string (application/x-www-form-urlencoded). Throws a 400 for a percent-encoding that is not UTF-8, which a
 * lenient parser would replace by U+FFFD, so that different names become one.
 *
 * @see https://url.spec.whatwg.org/#urlencoded-parsing
 */
export function parseQuery(text: string | null | undefined): Query {
  const query = Object.create(null) as Query;
  for (const pair of (text ?? '').split('&')) {
    if (pair === '') continue;
    const end = pair.indexOf('=');
    const name = decode(end === -1 ? pair : pair.slice(0, end), pair);
    const value = decode(end === -1 ? '' : pair.slice(end + 1), pair);
    const before = query[name];
    if (before === undefined) query[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else query[name] = [before, value];
  }
  return query;
}

function decode(text: string, pair: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new Problem(400, 'The query is not valid', {
      detail: `"${shorten(pair)}" is not percent-encoded UTF-8. Encode each byte of its UTF-8 as % and two hexadecimal digits.`,
    });
  }
}
