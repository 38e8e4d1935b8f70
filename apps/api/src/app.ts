import express, { type Express, type Router } from 'express';
import helmet from 'helmet';
import type { Logger } from '@tidings/logging';
import { accessLog } from './access-log.js';
import { authenticate } from './auth/authenticate.js';
import type { TokenRules } from './auth/verify-token.js';
import { problemHandler } from './problems/handler.js';
import { notFound } from './problems/problem.js';
import { withRequestId } from './request-id.js';

interface AppParts {
  token: TokenRules;
  log: Logger;
  routes: { health: Router; webhooks: Router; deliveries: Router; events: Router; stream: Router };
}

const MAX_BODY = '1mb';

/** Puts the routes together. A request is authenticated before its body is read. */
export function createApp({ token, log, routes }: AppParts): Express {
  const app = express();
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(withRequestId, helmet());
  app.use(routes.health);
  app.use(accessLog(log));
  app.use('/api', authenticate(token), express.json({ limit: MAX_BODY, strict: false }));
  app.use('/api/webhooks', routes.webhooks);
  app.use('/api/events/stream', routes.stream);
  app.use('/api', routes.events, routes.deliveries);
  app.use((request) => {
    throw notFound('route', `${request.method} ${request.path}`);
  });
  app.use(problemHandler(log));
  return app;
}
