import express, { type Express } from 'express';
import helmet from 'helmet';
import type { Catalog } from '@tidings/events';
import type { Logger } from '@tidings/logging';
import { accessLog } from './access-log.js';
import { authenticate, type AuthenticateParts } from './auth/authenticate.js';
import { mount } from './openapi/mount.js';
import type { Route } from './openapi/route.js';
import { openApiRoute } from './openapi/routes.js';
import { problemHandler } from './problems/handler.js';
import { notFound } from './problems/problem.js';
import { withRequestId } from './request-id.js';

interface AppParts {
  authentication: AuthenticateParts;
  log: Logger;
  routes: readonly Route[];
  /** For the document of the routes. */
  catalog: Pick<Catalog, 'describe'>;
}

/**
 * Puts the routes together, and the document of them. A request is authenticated before its body is read; what is not
 * public lives below `/api`, all of which needs a token.
 */
export function createApp({ authentication, log, routes, catalog }: AppParts): Express {
  const served = [...routes, openApiRoute(routes, catalog)];
  const app = express();
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(withRequestId, helmet());
  mount(
    app,
    served.filter(({ access }) => access === 'public'),
  );
  app.use(accessLog(log));
  app.use('/api', authenticate(authentication));
  mount(
    app,
    served.filter(({ access }) => access !== 'public'),
  );
  app.use((request) => {
    throw notFound('route', `${request.method} ${request.path}`);
  });
  app.use(problemHandler(log));
  return app;
}
