import { z } from 'zod';
import { typesList, typesParameter, type KnownTypes } from '../events/types-parameter.js';
import { countItems, MAX_ITEMS } from '../http/count-items.js';
import { listParameter } from '../http/list-parameter.js';
import { page } from '../http/pages.js';
import { time } from '../http/time.js';

const TERMINAL = ['succeeded', 'failed', 'cancelled', 'skipped'] as const;
const status = z
  .enum(['pending', ...TERMINAL], 'must be pending, succeeded, failed, cancelled or skipped')
  .meta({ id: 'DeliveryStatus' });
const terminal = z.enum(TERMINAL, 'must be failed, skipped, cancelled or succeeded');
/**
 * The schemas that select deliveries of a webhook: `list` is the query of `GET /api/webhooks/{id}/deliveries`, `replay` the
 * body of `POST /api/webhooks/{id}/replay`.
 */
export function selectionSchemas(eventTypes: KnownTypes) {
  return {
    list: z.strictObject({
      ...page,
      status: listParameter(z.array(status).min(1).max(MAX_ITEMS)),
      event_types: typesParameter(eventTypes),
      since: time.optional(),
      until: time.optional(),
    }),
    replay: z
      .strictObject({
        since: time,
        until: time.optional(),
        status: z
          .preprocess(
            (value, context) => countItems('statuses')(typeof value === 'string' ? [value] : value, context),
            z.array(terminal).max(MAX_ITEMS),
          )
          .default(['failed', 'skipped']),
        missing: z
          .boolean()
          .default(false)
          .describe(
            'Also replays events that the webhook has no delivery for and would get now: those from before it was registered, while it was disabled, or while it had other event types.',
          ),
        event_types: typesList(eventTypes).optional(),
        dry_run: z.boolean().default(false),
      })
      .refine(({ status, missing }) => status.length > 0 || missing, {
        path: ['status'],
        message: 'must hold at least one status, unless missing is true; leave it out for failed and skipped',
      })
      .refine(({ since, until }) => until === undefined || since < until, { path: ['until'], message: 'must be after since' })
      .meta({ id: 'ReplaySelection' }),
  };
}

/** The body of a replay after validation. */
export type ReplaySelection = z.output<ReturnType<typeof selectionSchemas>['replay']>;
