import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from '@tidings/runtime/logging';
import type { Tracing } from '@tidings/runtime/tracing';
import { accessLog } from './access-log.js';
import { authenticate, type AuthenticateParts } from '../auth/authenticate.js';
import { asyncApiRoute } from '../asyncapi/routes.js';
import { allowOrigins } from './cross-origin.js';
import { serveDashboard, type DashboardParts } from '../dashboard/serve.js';
import type { Limits } from '../limits/limits.js';
import type { DescribedCatalog } from '../openapi/document.js';
import { mount } from '../openapi/mount.js';
import type { Route } from '../openapi/route.js';
import { openApiRoute } from '../openapi/routes.js';
import { problemHandler } from '../problems/handler.js';
import { notFound } from '../problems/problem.js';
import { noticeProxy, type TrustedProxies } from './proxies.js';
import { referenceRoutes } from '../reference/routes.js';
import { withRequestId } from './request-id.js';
import { notStored, securityHeaders } from './security-headers.js';
import { STREAM } from '../stream/routes.js';
import { traceRequests } from './trace-requests.js';

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
  /** Default: no traces. */
  tracing?: Tracing | undefined;
  /** Sees every request that is not a probe, for the metrics. Default: nobody. */
  observe?: RequestHandler;
  routes: readonly Route[];
  /** Pages for browsers, by their path: they know themselves who may see them. */
  pages?: Readonly<Record<string, RequestHandler>>;
  /** For the document of the routes. */
  catalog: DescribedCatalog;
}

/**
 * Puts the routes together, and the document of them. A request is authenticated, and counted, before its body is read;
 * what is not public lives below `/api`, all of which needs a token.
 */
export function createApp(parts: AppParts): Express {
  const { authentication, limits, trustedProxies, corsOrigins, dashboard, log, tracing, observe } = parts;
  const { routes, pages = {}, catalog } = parts;
  const stream = routes.find(({ path }) => path === STREAM);
  const documented = [...routes, ...(stream ? [asyncApiRoute(stream, catalog)] : []), ...referenceRoutes()];
  const served = [...documented, openApiRoute(documented, catalog)];
  const isPublic = ({ access }: Route): boolean => access === 'public';
  const app = express();
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('trust proxy', trustedProxies);
  app.use(withRequestId, securityHeaders);
  mount(app, served.filter(isPublic));
  if (observe) app.use(observe);
  if (dashboard) app.use(serveDashboard(dashboard));
  app.use(accessLog(log));
  if (trustedProxies === false) app.use(noticeProxy(log));
  if (corsOrigins.length > 0) app.use('/api', allowOrigins(corsOrigins));
  app.use('/api', notStored, limits.refuse, authenticate(authentication), limits.count);
  if (tracing !== undefined) app.use('/api', traceRequests({ tracing, untraced: [authentication.tickets.path] }));
  mount(
    app,
    served.filter((route) => !isPublic(route)),
  );
  for (const [path, page] of Object.entries(pages)) app.use(path, notStored, limits.refuse, page);
  app.use((request) => {
    throw notFound('route', `${request.method} ${request.path}`);
  });
  for (const path of ['/api', ...Object.keys(pages)]) app.use(path, limits.countFailure);
  app.use(problemHandler(log));
  return app;
}
