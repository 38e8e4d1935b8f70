import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** Headers as the attempts log has them: names in lower case. */
export type RecordedHeaders = Record<string, string>;

/** The value of a header that is not recorded, because it may be a credential. */
const REDACTED = '[redacted]';
/** The headers that Tidings sets. Every other one is the owner's, and may hold the receiver's credentials (I8). */
const OWN_HEADERS = /^(webhook-.*|content-.*|host|user-agent)$/;
/** Headers with which receivers give credentials to clients. */
const CREDENTIALS = /^(set-cookie2?|authorization|authentication-info|proxy-.*)$/;
/** The headers that explain most answers: they are recorded before all others. */
const TELLING = ['content-type', 'location', 'retry-after', 'content-encoding', 'content-length', 'allow'];
/** A shorter value of the owner's is a part of other values by chance. */
const MIN_PART = 8;
/** How much is recorded of a response's headers, names and values together, in characters … */
const KEPT_CHARACTERS = 2048;
/** … and of each value. */
const VALUE_CHARACTERS = 1024;

/** The headers of a request. */
export interface SentHeaders {
  headers: OutgoingHttpHeaders;
  /** Whether Tidings has set `traceparent`; otherwise the owner may have. */
  hasOwnTraceparent: boolean;
}

/** Returns the headers of a request, with only the names of those that the owner has added. */
export function recordRequestHeaders(sent: SentHeaders): RecordedHeaders {
  return Object.fromEntries(
    Object.entries(sent.headers).map(([name, value]) => [name, isOwn(name, sent) ? String(value) : REDACTED]),
  );
}

/**
 * Returns as many headers of a response as the log keeps, without credentials, also those of the request that the receiver
 * repeats. A value that is too long ends with `…`.
 */
export function recordResponseHeaders(headers: IncomingHttpHeaders, sent: SentHeaders): RecordedHeaders {
  const added = Object.entries(sent.headers).filter(([name]) => !isOwn(name, sent));
  const isCredential = (name: string, text: string): boolean =>
    CREDENTIALS.test(name) ||
    added.some(
      ([addedName, value]) =>
        name === addedName || text === String(value) || (String(value).length >= MIN_PART && text.includes(String(value))),
    );
  const names = new Set([...TELLING.filter((name) => headers[name] !== undefined), ...Object.keys(headers)]);
  const kept: [string, string][] = [];
  let left = KEPT_CHARACTERS;
  for (const name of names) {
    const value = isCredential(name, String(headers[name])) ? REDACTED : shorten(String(headers[name]));
    left -= name.length + value.length;
    if (left < 0) break;
    kept.push([name, value]);
  }
  return Object.fromEntries(kept);
}

function isOwn(name: string, { hasOwnTraceparent }: Pick<SentHeaders, 'hasOwnTraceparent'>): boolean {
  return OWN_HEADERS.test(name) || (hasOwnTraceparent && name === 'traceparent');
}

function shorten(value: string): string {
  return value.length > VALUE_CHARACTERS ? `${value.slice(0, VALUE_CHARACTERS - 1)}…` : value;
}
