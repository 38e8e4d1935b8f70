import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** Headers as the attempts log has them: names in lower case. */
export type RecordedHeaders = Record<string, string>;

/** The value of a header that is not recorded, because it may be a credential. */
const REDACTED = '[redacted]';
/** The headers that Tidings sets. Every other one is the owner's, and may hold the receiver's credentials (I8). */
const OWN_HEADERS = /^(webhook-.*|content-.*|host|user-agent|traceparent)$/;
/** Headers with which receivers give credentials to clients. */
const CREDENTIALS = /^(set-cookie2?|authorization|authentication-info|proxy-.*)$/;
/** The headers that explain most answers: they are recorded before all others. */
const TELLING = ['content-type', 'location', 'retry-after', 'content-encoding', 'content-length', 'allow'];
/** How much is recorded of a response's headers, names and values together, in characters … */
const KEPT_CHARACTERS = 2048;
/** … and of each value. */
const VALUE_CHARACTERS = 1024;

/** Returns the headers of a request, with only the names of those that the owner has added. */
export function recordRequestHeaders(headers: OutgoingHttpHeaders): RecordedHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, OWN_HEADERS.test(name) ? String(value) : REDACTED]),
  );
}

/** Returns as many headers of a response as the log keeps, without credentials. A value that is too long ends with `…`. */
export function recordResponseHeaders(headers: IncomingHttpHeaders): RecordedHeaders {
  const names = new Set([...TELLING.filter((name) => headers[name] !== undefined), ...Object.keys(headers)]);
  const kept: [string, string][] = [];
  let left = KEPT_CHARACTERS;
  for (const name of names) {
    const value = CREDENTIALS.test(name) ? REDACTED : shorten(String(headers[name]));
    left -= name.length + value.length;
    if (left < 0) break;
    kept.push([name, value]);
  }
  return Object.fromEntries(kept);
}

function shorten(value: string): string {
  return value.length > VALUE_CHARACTERS ? `${value.slice(0, VALUE_CHARACTERS - 1)}…` : value;
}
