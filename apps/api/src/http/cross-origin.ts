import cors from 'cors';
import type { RequestHandler } from 'express';

/**
 * Reads `CORS_ORIGINS`: exact origins with commas between. Throws an error that names the entry that is none. `*` and
 * `null` are refused: a page that was opened from a file, or in a sandbox, calls itself `null`.
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

/**
 * Lets pages of these origins call the API, and answers their preflights, which browsers send without a token. Tokens go
 * in the header `Authorization`; cookies are not allowed, and nothing here reads any.
 */
export function allowOrigins(origins: string[]): RequestHandler {
  return cors({
    origin: origins,
    methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'Last-Event-ID', 'X-Request-Id'],
    exposedHeaders: ['Location', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id'],
    maxAge: PREFLIGHT_MAX_AGE_S,
  });
}
