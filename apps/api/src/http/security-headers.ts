import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * What keeps a browser from doing anything with an answer but reading it: nothing in it is run, loaded or framed, and its
 * type is not guessed. A page needs a policy of its own.
 */
export const securityHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
  },
  xFrameOptions: { action: 'deny' },
});

/** Nothing on the way keeps an answer: it is about one user, and may hold a secret. The stream says it in its own words. */
export const notStored: RequestHandler = (_request, response, next) => {
  response.setHeader('cache-control', 'no-store');
  next();
};
