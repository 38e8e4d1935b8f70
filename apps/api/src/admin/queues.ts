import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Router, type RequestHandler } from 'express';
import helmet from 'helmet';
import { z } from 'zod';
import { route, type Route } from '../openapi/route.js';
import { Problem } from '../problems/problem.js';
import { ADMIN } from './scope.js';
import type { BrowserSessions } from './browser-sessions.js';

/** Where the pages of the queues are. */
export const QUEUES = '/admin/queues';
const COOKIE = 'tidings_queues';

type BoardQueue = ConstructorParameters<typeof BullMQAdapter>[0];

interface QueuePagesParts {
  queues: readonly BoardQueue[];
  visits: BrowserSessions;
  /** Whether a visit that was begun still counts. */
  isRefused: (visitor: { owner: string; tokenId: string | undefined }) => boolean;
}

/** What bull-board's pages load is its own; its look is set by inline styles. */
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
 * bull-board, which shows BullMQ's queues, for operators. A browser that opens a page sends no token: a cookie for these pages
 * alone stands for it, which `visitRoutes` gives. One can only look: what is to be delivered is decided by PostgreSQL, and
 * would come back.
 */
export function queuePages({ queues, visits, isRefused }: QueuePagesParts): RequestHandler {
  const adapter = new ExpressAdapter().setBasePath(QUEUES);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Tidings: queues', hideRedisDetails: true } },
  });
  const admit: RequestHandler = async (request, _response, next) => {
    const visitor = await visits.find(cookieOf(request.get('cookie') ?? '')).catch(unavailable);
    if (visitor === null || visitor.expiresAt <= Date.now() || isRefused(visitor)) {
      throw new Problem(401, 'Not admitted', {
        detail: 'Open the queues from the dashboard, or POST /api/admin/queues/visit with a token of the scope "admin" first.',
      });
    }
    next();
  };
  return Router().use(admit, pagePolicy, adapter.getRouter() as RequestHandler);
}

/** Lets an operator's browser open the pages of the queues. */
export function visitRoutes({ visits }: { visits: BrowserSessions }): Route[] {
  return [
    route(
      {
        method: 'post',
        path: '/api/admin/queues/visit',
        summary: 'Lets this browser look at the queues',
        description: `Sets a cookie for the pages below \`${QUEUES}\`, which show BullMQ's queues. It ends with the token, and after an hour.`,
        access: ADMIN,
        answers: {
          200: { description: 'Where the pages are.', schema: z.strictObject({ url: z.string(), expires_in_s: z.int() }) },
          503: { description: 'Redis is away.' },
        },
      },
      async ({ caller, request }, response) => {
        const { visit, lifeS } = await visits.begin(caller).catch(unavailable);
        response.cookie(COOKIE, visit, {
          path: QUEUES,
          httpOnly: true,
          sameSite: 'strict',
          secure: request.secure,
          maxAge: lifeS * 1000,
        });
        response.json({ url: QUEUES, expires_in_s: lifeS });
      },
    ),
  ];
}

function cookieOf(header: string): string {
  const pairs = header.split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([name]) => name === COOKIE)?.[1] ?? '';
}

function unavailable(): never {
  throw new Problem(503, 'The queues are not available', {
    detail: 'Redis, which holds them, is away. Try again.',
    headers: { 'retry-after': '1' },
  });
}
