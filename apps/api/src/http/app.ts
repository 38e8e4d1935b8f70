import express, { type Express, type RequestHandler } from 'express';
import type { EventTypes } from '@tidings/accept';
import type { Logger } from '@tidings/runtime/logging';
import type { Tracing } from '@tidings/runtime/tracing';
import { accessLog } from './access-log.js';
import { authenticate, type AuthenticateParts } from '../auth/authenticate.js';
import { PROBES } from '../health/routes.js';
import { asyncApiRoute } from '../asyncapi/routes.js';
import { allowOrigins } from './cross-origin.js';
import { serveDashboard, type DashboardParts } from '../dashboard/serve.js';
import type { Limits } from '../limits/limits.js';
import { createTurns } from '../limits/turns.js';
import type { Describe } from '../openapi/described-types.js';
import { mount } from '../openapi/mount.js';
import type { Route } from '../openapi/route.js';
import { openApiRoute } from '../openapi/routes.js';
import { problemHandler } from '../problems/handler.js';
import { notFound } from '../problems/problem.js';
import { databaseUnavailable } from '../problems/to-problem.js';
import { parseQuery } from './parse-query.js';
import { warnAboutUntrustedProxy, type TrustedProxies } from './proxies.js';
import { referenceRoutes } from '../reference/routes.js';
import { withRequestId } from './request-id.js';
import { noStore, securityHeaders } from './security-headers.js';
import { shownPath } from './shown-path.js';
import { STREAM } from '../stream/routes.js';
import { traceRequests } from './trace-requests.js';

interface AppParts {
  authentication: AuthenticateParts;
  limits: Limits;
  /** The path below which a proxy serves the API, for its documents and pages; empty: none. The server strips it from requests. */
  basePath: string;
  /** The proxies whose X-Forwarded-For header names the client's address. */
  trustedProxies: TrustedProxies;
  /** Origins of web pages that may call the API. */
  corsOrigins: string[];
  /** The dashboard; null: this API serves none. */
  dashboard: DashboardParts | null;
  log: Logger;
  /** Whether the process still waits for its database: then requests of the API and its pages are answered with a 503. */
  isStarting: () => boolean;
  /** Default: no tracing. */
  tracing?: Tracing | undefined;
  /** Runs for every request that no public route answers, for the metrics. Default: nothing. */
  observe?: RequestHandler;
  routes: readonly Route[];
  /** Pages for browsers, by path. Each checks its browser session. */
  pages?: Readonly<Record<string, RequestHandler>>;
  /** The event types that input names. */
  eventTypes: Pick<EventTypes, 'current' | 'refresh'>;
  /** Reads the event types that the OpenAPI and AsyncAPI documents describe. */
  describe: Describe;
}

/** How many pages of the log one caller reads at a time in this process. */
const LOG_READS = { atOnce: 2, waiting: 20 };

/**
 * Builds the Express app: the routes, and the documents that describe them. A request is authenticated, and counted for the
 * rate limits, before its body is read. Every path but those of the probes counts for its address. All routes that are not public are below `/api`, where every request needs a token.
 */
export function createApp(parts: AppParts): Express {
  const { authentication, limits, trustedProxies, corsOrigins, dashboard, log, tracing, observe } = parts;
  const { basePath, routes, pages = {}, describe, isStarting } = parts;
  const stream = routes.find(({ path }) => path === STREAM);
  const common = { takeTurn: createTurns(LOG_READS), eventTypes: parts.eventTypes };
  const documented = [...routes, ...(stream ? [asyncApiRoute(stream, describe, basePath)] : []), ...referenceRoutes(basePath)];
  const served = [...documented, openApiRoute(documented, describe, basePath)];
  const isPublic = ({ access }: Route): boolean => access === 'public';
  const app = express();
  app.disable('etag');
  app.set('query parser', parseQuery);
  app.set('trust proxy', trustedProxies);
  app.use(withRequestId, securityHeaders);
  mount(
    app,
    served.filter(({ path }) => PROBES.includes(path)),
    common,
  );
  app.use(limits.countAddress);
  mount(
    app,
    served.filter((route) => isPublic(route) && !PROBES.includes(route.path)),
    common,
  );
  if (observe) app.use(observe);
  if (dashboard) app.use(serveDashboard(dashboard));
  app.use(accessLog(log));
  if (trustedProxies === false) app.use(warnAboutUntrustedProxy(log));
  if (corsOrigins.length > 0) app.use('/api', allowOrigins(corsOrigins));
  app.use(['/api', ...Object.keys(pages)], refuseWhileStarting(isStarting));
  app.use('/api', noStore, limits.refuse, authenticate(authentication), limits.consume);
  if (tracing !== undefined) app.use('/api', traceRequests({ tracing, untraced: [authentication.tickets.path] }));
  mount(
    app,
    served.filter((route) => !isPublic(route)),
    common,
  );
  for (const [path, page] of Object.entries(pages)) app.use(path, noStore, limits.refuse, page);
  app.use((request) => {
    throw notFound('route', `${request.method} ${shownPath(request)}`);
  });
  for (const path of ['/api', ...Object.keys(pages)]) app.use(path, limits.consumeFailure);
  app.use(problemHandler(log));
  return app;
}

/** Refuses requests while the lists of refused callers, the positions of the log and other things are not read yet. */
function refuseWhileStarting(isStarting: () => boolean): RequestHandler {
  return (_request, _response, next) => {
    next(isStarting() ? databaseUnavailable() : undefined);
  };
}
