import type { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { Router, type RequestHandler } from 'express';
import helmet from 'helmet';
import { z } from 'zod';
import { route, type Route } from '../openapi/route.js';
import { Problem } from '../problems/problem.js';
import { ADMIN } from './scope.js';
import type { BrowserSession, BrowserSessions } from './browser-sessions.js';

/** The path of the queue pages. */
export const QUEUE_PAGES = '/admin/queues';
const COOKIE = 'tidings_queues';

type BoardQueue = ConstructorParameters<typeof BullMQAdapter>[0];

interface QueuePagesParts {
  /** The path below which a proxy serves the API; empty: none. */
  basePath: string;
  queues: readonly BoardQueue[];
  browserSessions: BrowserSessions;
  /** Whether the operator was disabled, or the token revoked, after the session started. */
  isRefused: (session: BrowserSession) => boolean;
}

/** The pages of bull-board load only files of bull-board, and use inline styles. */
const pagePolicy = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'"],
      connectSrc: ["'self'"],
      baseUri: ["'self'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  xFrameOptions: { action: 'deny' },
});

/**
 * Serves bull-board, which shows the BullMQ queues to operators. A browser that opens a page sends no bearer token, so a
 * request is authenticated by the cookie of `browserSessionRoutes`, which is sent to these pages only. The pages are read-only:
 * PostgreSQL decides which deliveries are attempted, so the reconciler would restore a job that was removed here.
 */
export function queuePages({ basePath, queues, browserSessions, isRefused }: QueuePagesParts): RequestHandler {
  let board: Promise<RequestHandler> | undefined;
  const authenticateSession: RequestHandler = async (request, _response, next) => {
    const session = await browserSessions.find(sessionTokenOf(request.get('cookie') ?? '')).catch(unavailable);
    if (session === null || session.expiresAt <= Date.now() || isRefused(session)) {
      throw new Problem(401, 'No browser session', {
        detail:
          'This browser has no valid session for the queue pages. Open them from the dashboard, or send POST /api/admin/queues/session with a token that has the scope "admin".',
      });
    }
    next();
  };
  const serveBoard: RequestHandler = async (request, response, next) => {
    board ??= loadBoard(basePath + QUEUE_PAGES, queues);
    (await board)(request, response, next);
  };
  return Router().use(authenticateSession, pagePolicy, serveBoard);
}

/** Loads bull-board when an operator opens its first page: it takes 9 MB, and most processes never show it. */
async function loadBoard(path: string, queues: readonly BoardQueue[]): Promise<RequestHandler> {
  const [{ createBullBoard }, { BullMQAdapter }, { ExpressAdapter }] = await Promise.all([
    import('@bull-board/api'),
    import('@bull-board/api/bullMQAdapter'),
    import('@bull-board/express'),
  ]);
  const adapter = new ExpressAdapter().setBasePath(path);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Tidings: queues', hideRedisDetails: true } },
  });
  return adapter.getRouter() as RequestHandler;
}

const queuesSessionJson = z.strictObject({ url: z.string(), expires_in_s: z.int() }).meta({ id: 'QueuesSession' });

/** The route that starts a browser session for the queue pages and sets its cookie. */
export function browserSessionRoutes({
  basePath,
  browserSessions,
}: Pick<QueuePagesParts, 'basePath' | 'browserSessions'>): Route[] {
  const url = basePath + QUEUE_PAGES;
  return [
    route(
      {
        method: 'post',
        path: '/api/admin/queues/session',
        operationId: 'startQueuesSession',
        summary: 'Starts a browser session for the queue pages',
        description: `Sets a cookie for the pages below \`${QUEUE_PAGES}\`, which show the BullMQ queues. The session ends when the token expires, and after one hour at the latest.`,
        access: ADMIN,
        responses: {
          200: {
            description: 'The path of the pages, and the lifetime of the session in seconds.',
            schema: queuesSessionJson,
          },
          503: { description: 'Redis is unavailable.' },
        },
      },
      async ({ caller, request }, response) => {
        const { sessionToken, lifetimeS } = await browserSessions.start(caller).catch(unavailable);
        response.cookie(COOKIE, sessionToken, {
          path: url,
          httpOnly: true,
          sameSite: 'strict',
          secure: request.secure,
          maxAge: lifetimeS * 1000,
        });
        response.json({ url, expires_in_s: lifetimeS });
      },
    ),
  ];
}

function sessionTokenOf(header: string): string {
  const pairs = header.split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([name]) => name === COOKIE)?.[1] ?? '';
}

function unavailable(): never {
  throw new Problem(503, 'The queues are not available', {
    detail: 'Redis, which holds the queues, is unavailable. Try again.',
    headers: { 'retry-after': '1' },
  });
}
