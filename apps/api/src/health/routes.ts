import { z } from 'zod';
import { checkReadiness, type DependencyCheck } from '@tidings/runtime/health';
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
 * @param dependencies the checks of PostgreSQL and Redis, by name
 * @param isStopping whether the process is stopping: it still answers, and load balancers should send no more requests
 */
export function healthRoutes(dependencies: Readonly<Record<string, DependencyCheck>>, isStopping: () => boolean): Route[] {
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
        const { ready, checks } = await checkReadiness(dependencies);
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
