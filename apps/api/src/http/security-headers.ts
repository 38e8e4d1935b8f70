import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * Sets headers that let browsers only read a response: they run, load and frame nothing of it, and do not guess its type. A
 * route that serves a page sets its own Content-Security-Policy.
 */
export const securityHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
  },
  xFrameOptions: { action: 'deny' },
});

/** Keeps caches from storing a response: it is about one owner, and may hold a secret. The stream sets its own Cache-Control. */
export const noStore: RequestHandler = (_request, response, next) => {
  response.setHeader('cache-control', 'no-store');
  next();
};
