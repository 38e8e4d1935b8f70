import cors from 'cors';
import type { RequestHandler } from 'express';

/**
 * Parses `CORS_ORIGINS`: exact origins, separated by commas. Throws an error that names the first entry that is not an
 * origin. Refuses `*` and `null`: every page that was opened from a file, or in a sandboxed frame, has the origin `null`.
 */
export function parseOrigins(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      if (!/^https?:[^*]+$/.test(entry) || !URL.canParse(entry) || new URL(entry).origin !== entry) {
        throw new Error(`"${entry}" is not an origin such as https://app.example.com: no path, no default port, no "*"`);
      }
      return entry;
    });
}

const PREFLIGHT_MAX_AGE_S = 600;
/** Headers that the routes read, those of a traced page (W3C Trace Context), and the one that EventSource polyfills send. */
const ALLOWED_HEADERS = [
  'Authorization',
  'Cache-Control',
  'Content-Type',
  'Idempotency-Key',
  'Last-Event-ID',
  'Traceparent',
  'Tracestate',
  'X-Request-Id',
];

/**
 * Lets pages of these origins call the API, and answers their preflights, which browsers send without a token. Pages send
 * tokens in the header `Authorization`. Credentials (cookies) are not allowed: no route below `/api` reads a cookie.
 */
export function allowOrigins(origins: string[]): RequestHandler {
  return cors({
    origin: origins,
    methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    allowedHeaders: ALLOWED_HEADERS,
    exposedHeaders: ['Location', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id'],
    maxAge: PREFLIGHT_MAX_AGE_S,
  });
}
