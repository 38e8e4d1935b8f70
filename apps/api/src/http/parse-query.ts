import { shorten } from '@tidings/events';
import { Problem } from '../problems/problem.js';

/** The query parameters of a request: a text for each, and a list of texts for one that is repeated. */
export type Query = Record<string, string | string[]>;

/** The maximum number of parameters of a query: more than any route has, with all items of its lists one by one. */
const MAX_PARAMETERS = 200;

/**
 * Parses a query string (application/x-www-form-urlencoded). Throws a 400 for too many parameters, and for a percent-encoding that is not UTF-8, which a
 * lenient parser would replace by U+FFFD, so that different names become one.
 *
 * @see https://url.spec.whatwg.org/#urlencoded-parsing
 */
export function parseQuery(text: string | null | undefined): Query {
  const query = Object.create(null) as Query;
  let count = 0;
  for (const pair of (text ?? '').split('&')) {
    if (pair === '') continue;
    if ((count += 1) > MAX_PARAMETERS) {
      throw new Problem(400, 'The query is not valid', {
        detail: `A query has at most ${String(MAX_PARAMETERS)} parameters. Leave out those that the route does not have.`,
      });
    }
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
