import { z } from 'zod';
import type { CheckReadiness } from '@tidings/runtime/health';
import { route, type Route } from '../openapi/route.js';
import { Problem } from '../problems/problem.js';

const status = z.literal('ok');
const healthJson = z.strictObject({ status }).meta({ id: 'Health' });
const readinessJson = z.strictObject({ status, checks: z.record(z.string(), z.string()) }).meta({ id: 'Readiness' });

/** The paths of the probes: they count for no limit. */
export const PROBES: readonly string[] = ['/healthz', '/readyz'];

/**
 * The routes `/healthz` and `/readyz`, for the operator's probes.
 *
 * @param checkReadiness the check of PostgreSQL and Redis
 * @param isStopping whether the process is stopping: it still answers, and load balancers should send no more requests
 */
export function healthRoutes(checkReadiness: CheckReadiness, isStopping: () => boolean): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/healthz',
        operationId: 'getHealth',
        summary: 'Whether the process is running',
        access: 'public',
        responses: { 200: { description: 'The process is running.', schema: healthJson } },
      },
      (_call, response) => {
        response.json({ status: 'ok' });
      },
    ),

    route(
      {
        method: 'get',
        path: '/readyz',
        operationId: 'getReadiness',
        summary: 'Whether PostgreSQL and Redis can be used',
        description: 'They are checked at most once a second: all probes of that second get the same answer.',
        access: 'public',
        responses: {
          200: {
            description: 'PostgreSQL and Redis can be used.',
            schema: readinessJson,
          },
          503: {
            description: 'PostgreSQL or Redis cannot be used, or the process is stopping: `detail` names it, with the reason.',
          },
        },
      },
      async (_call, response) => {
        if (isStopping()) throw new Problem(503, 'Not ready', { detail: 'The process is stopping.' });
        const { ready, checks } = await checkReadiness();
        if (!ready) {
          const detail = Object.entries(checks)
            .map(([name, state]) => `${name}: ${state}`)
            .join(', ');
          throw new Problem(503, 'Not ready', { detail });
        }
        response.json({ status: 'ok', checks });
      },
    ),
  ];
}
