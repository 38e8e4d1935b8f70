import { randomBytes } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { Problem } from '../problems/problem.js';
import type { DashboardFile, DashboardFiles } from './files.js';

/** The dashboard that is served. */
export interface DashboardParts {
  /** Null: the dashboard was not built, and its addresses answer with a 404 that names the remedy. */
  files: DashboardFiles | null;
}

/** The first path segments of the page's routes. The page itself is served there, and its router decides what to show. */
const PAGE_ROUTES = new Set(['', 'webhooks', 'deliveries', 'stream', 'event-types', 'operator']);
const YEAR_S = 31_536_000;
const NONCE_BYTES = 16;

/**
 * Serves the dashboard: the page at `/` and at its own routes, and its files. Every other request passes to the next handler, so
 * that an unknown path is answered with a problem document. The dashboard needs no authentication: the page contains no data of
 * owners, and calls the API with the token of the person who uses it.
 */
export function serveDashboard({ files: dashboard }: DashboardParts): RequestHandler {
  return (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      next();
      return;
    }
    const file = dashboard?.files.get(request.path);
    if (file) sendFile(request, response, file);
    else if (!PAGE_ROUTES.has(request.path.split('/')[1] ?? '')) next();
    else if (dashboard) sendPage(response, dashboard.page);
    else throw notBuilt();
  };
}

function sendPage(response: Response, page: string): void {
  const nonce = randomBytes(NONCE_BYTES).toString('base64');
  response.set({
    'cache-control': 'no-cache',
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy(nonce),
    // Windows of other origins get no reference to this window, which holds a token.
    'cross-origin-opener-policy': 'same-origin',
  });
  response.send(page.replace('TIDINGS_NONCE', nonce));
}

/** Scripts come only from files of the dashboard. Mantine adds its colours to the page as styles with the nonce. */
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

function sendFile(request: Request, response: Response, { contentType, body, gzipped, immutable }: DashboardFile): void {
  response.set({
    'content-type': contentType,
    'cache-control': immutable ? `public, max-age=${String(YEAR_S)}, immutable` : 'no-cache',
    vary: 'accept-encoding',
  });
  if (gzipped && request.acceptsEncodings('gzip') === 'gzip') response.set('content-encoding', 'gzip').send(gzipped);
  else response.send(body);
}

function notBuilt(): Problem {
  return new Problem(404, 'There is no dashboard here', {
    detail:
      'The API found no built dashboard when it started. Run "npm run build" and start the API again. The routes of the API are below /api; /openapi.json describes them.',
  });
}
