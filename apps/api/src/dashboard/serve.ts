import { randomBytes } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { Problem } from '../problems/problem.js';
import type { DashboardFile, DashboardFiles } from './files.js';

export interface DashboardParts {
  /** Null: there are none here. */
  files: DashboardFiles | null;
}

/** What the addresses of the page's own routes begin with: the page is what answers there, and decides what to show. */
const OWN = new Set(['', 'webhooks', 'deliveries', 'stream', 'event-types', 'operator']);
const YEAR_S = 31_536_000;
const NONCE_BYTES = 16;

/**
 * Serves the dashboard: its page at `/` and below its own routes, and its files. Everything else goes on to the next, so
 * that what nobody knows stays a problem document. It comes before authentication: the page holds nothing of anybody, and
 * asks the API with the token of whoever looks at it.
 */
export function serveDashboard({ files: dashboard }: DashboardParts): RequestHandler {
  return (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      next();
      return;
    }
    const file = dashboard?.files.get(request.path);
    if (file) sendFile(request, response, file);
    else if (!OWN.has(request.path.split('/')[1] ?? '')) next();
    else if (dashboard) sendPage(response, dashboard.page);
    else throw missing();
  };
}

function sendPage(response: Response, page: string): void {
  const nonce = randomBytes(NONCE_BYTES).toString('base64');
  response.set({
    'cache-control': 'no-cache',
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy(nonce),
    // Nobody else's window can hold on to this one, which knows a token.
    'cross-origin-opener-policy': 'same-origin',
  });
  response.send(page.replace('TIDINGS_NONCE', nonce));
}

/** Scripts are files of ours and nothing else; Mantine writes its colours into the page, as styles that carry the nonce. */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join(';');
}

function sendFile(request: Request, response: Response, { contentType, body, packed, immutable }: DashboardFile): void {
  response.set({
    'content-type': contentType,
    'cache-control': immutable ? `public, max-age=${String(YEAR_S)}, immutable` : 'no-cache',
    vary: 'accept-encoding',
  });
  if (packed && request.acceptsEncodings('gzip') === 'gzip') response.set('content-encoding', 'gzip').send(packed);
  else response.send(body);
}

function missing(): Problem {
  return new Problem(404, 'There is no dashboard here', {
    detail:
      'The API serves it when it is built: run "npm run build" and start the API again. The API itself is below /api, and described at /openapi.json.',
  });
}
