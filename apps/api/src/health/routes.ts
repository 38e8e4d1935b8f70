import { z } from 'zod';
import { checkReadiness, type Reachable } from '@tidings/runtime/health';
import { route, type Route } from '../openapi/route.js';
import { Problem } from '../problems/problem.js';

const status = z.literal('ok');

/** `/healthz` and `/readyz`, for those who run Tidings. */
export function healthRoutes(parts: Readonly<Record<string, Reachable>>): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/healthz',
        summary: 'Whether the process lives',
        access: 'public',
        answers: { 200: { description: 'It does.', schema: z.strictObject({ status }) } },
      },
      (_call, response) => {
        response.json({ status: 'ok' });
      },
    ),

    route(
      {
        method: 'get',
        path: '/readyz',
        summary: 'Whether PostgreSQL and Redis answer',
        access: 'public',
        answers: {
          200: { description: 'Both do.', schema: z.strictObject({ status, checks: z.record(z.string(), z.string()) }) },
          503: { description: 'One does not: `detail` says which.' },
        },
      },
      async (_call, response) => {
        const { ready, checks } = await checkReadiness(parts);
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
