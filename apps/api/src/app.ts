import express, { type Express } from 'express';
import type { Logger } from '@tidings/logging';
import { accessLog } from './access-log.js';
import { authenticate, type AuthenticateParts } from './auth/authenticate.js';
import { allowOrigins } from './cross-origin.js';
import { serveDashboard, type DashboardParts } from './dashboard/serve.js';
import type { Limits } from './limits/limits.js';
import type { DescribedCatalog } from './openapi/document.js';
import { mount } from './openapi/mount.js';
import type { Route } from './openapi/route.js';
import { openApiRoute } from './openapi/routes.js';
import { problemHandler } from './problems/handler.js';
import { notFound } from './problems/problem.js';
import { noticeProxy, type TrustedProxies } from './proxies.js';
import { withRequestId } from './request-id.js';
import { notStored, securityHeaders } from './security-headers.js';

interface AppParts {
  authentication: AuthenticateParts;
  limits: Limits;
  /** Whose X-Forwarded-For tells where a request comes from. */
  trustedProxies: TrustedProxies;
  /** Pages of these origins may call the API. */
  corsOrigins: string[];
  /** The web page; null: this API has none. */
  dashboard: DashboardParts | null;
  log: Logger;
  routes: readonly Route[];
  /** For the document of the routes. */
  catalog: DescribedCatalog;
}

/**
 * Puts the routes together, and the document of them. A request is authenticated, and counted, before its body is read;
 * what is not public lives below `/api`, all of which needs a token.
 */
export function createApp(parts: AppParts): Express {
  const { authentication, limits, trustedProxies, corsOrigins, dashboard, log, routes, catalog } = parts;
  const served = [...routes, openApiRoute(routes, catalog)];
  const isPublic = ({ access }: Route): boolean => access === 'public';
  const app = express();
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('trust proxy', trustedProxies);
  app.use(withRequestId, securityHeaders);
  mount(app, served.filter(isPublic));
  if (dashboard) app.use(serveDashboard(dashboard));
  app.use(accessLog(log));
  if (trustedProxies === false) app.use(noticeProxy(log));
  if (corsOrigins.length > 0) app.use('/api', allowOrigins(corsOrigins));
  app.use('/api', notStored, limits.refuse, authenticate(authentication), limits.count);
  mount(
    app,
    served.filter((route) => !isPublic(route)),
  );
  app.use((request) => {
    throw notFound('route', `${request.method} ${request.path}`);
  });
  app.use('/api', limits.countFailure);
  app.use(problemHandler(log));
  return app;
}
