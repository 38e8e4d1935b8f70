import { Router } from 'express';
import { checkReadiness, type Reachable } from '@tidings/health';
import { Problem } from '../problems/problem.js';

/** `/healthz` and `/readyz`, for those who run Tidings: no authentication. */
export function healthRoutes(parts: Readonly<Record<string, Reachable>>): Router {
  const router = Router();

  /** 200 while the process lives. */
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });

  /** 200 when PostgreSQL and Redis answer; a 503 that says which does not. */
  router.get('/readyz', async (_request, response) => {
    const { ready, checks } = await checkReadiness(parts);
    if (!ready) {
      const detail = Object.entries(checks)
        .map(([name, state]) => `${name}: ${state}`)
        .join(', ');
      throw new Problem(503, 'Not ready', { detail });
    }
    response.json({ status: 'ok', checks });
  });

  return router;
}
