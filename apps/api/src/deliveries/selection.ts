import { z } from 'zod';
import type { Catalog } from '@tidings/events';
import { typesList, typesParameter } from '../events/types-parameter.js';
import { page } from '../http/pages.js';
import { time } from '../http/time.js';

const TERMINAL = ['succeeded', 'failed', 'cancelled', 'skipped'] as const;
const status = z.enum(['pending', ...TERMINAL], 'must be pending, succeeded, failed, cancelled or skipped');
const terminal = z.enum(TERMINAL, 'must be failed, skipped, cancelled or succeeded');
/**
 * The schemas that select deliveries of a webhook: `list` is the query of `GET /api/webhooks/{id}/deliveries`, `replay` the
 * body of `POST /api/webhooks/{id}/replay`.
 */
export function selectionSchemas(catalog: Pick<Catalog, 'types'>) {
  return {
    list: z.strictObject({
      ...page,
      status: z.preprocess((value) => (typeof value === 'string' ? value.split(',') : value), z.array(status)).optional(),
      event_types: typesParameter(catalog),
      since: time.optional(),
      until: time.optional(),
    }),
    replay: z
      .strictObject({
        since: time,
        until: time.optional(),
        status: z
          .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(terminal).min(1))
          .default(['failed', 'skipped']),
        event_types: typesList(catalog).optional(),
        dry_run: z.boolean().default(false),
      })
      .refine(({ since, until }) => until === undefined || since < until, { path: ['until'], message: 'must be after since' }),
  };
}

/** The body of a replay after validation, with the event types that its patterns match. */
export type ReplaySelection = z.output<ReturnType<typeof selectionSchemas>['replay']>;
