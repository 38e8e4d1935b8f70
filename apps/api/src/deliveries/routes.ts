import { Router } from 'express';
import { z } from 'zod';
import type { Attempt, Delivery } from '@tidings/database';
import { hasFourDigitYear, type Catalog } from '@tidings/events';
import { callerOf } from '../auth/authenticate.js';
import { typesParameter } from '../events/types-parameter.js';
import { page, toPage } from '../pages.js';
import { notFound } from '../problems/problem.js';
import { readQuery } from '../read-input.js';
import { onlyIdsOf } from '../resource-id.js';
import type { Registry } from '../webhooks/registry.js';
import type { DeliveryLog } from './log.js';

interface DeliveryRoutesParts {
  deliveries: DeliveryLog;
  registry: Pick<Registry, 'find'>;
  catalog: Pick<Catalog, 'types'>;
}

/** `/api/webhooks/{id}/deliveries` and `/api/deliveries/{id}`: the log of the caller's own webhooks. */
export function deliveryRoutes({ deliveries, registry, catalog }: DeliveryRoutesParts): Router {
  const router = Router();
  router.param('webhookId', onlyIdsOf('webhook'));
  router.param('id', onlyIdsOf('delivery'));
  const time = z.iso
    .datetime({ offset: true, abort: true, message: 'must be an ISO 8601 time with an offset' })
    .refine(hasFourDigitYear, 'must be in the years 1 to 9999, in UTC')
    .transform((text) => new Date(text));
  const status = z.enum(['pending', 'succeeded', 'failed', 'cancelled'], 'must be pending, succeeded, failed or cancelled');
  const listQuery = z.strictObject({
    ...page,
    status: z.preprocess((value) => (typeof value === 'string' ? value.split(',') : value), z.array(status)).optional(),
    event_types: typesParameter(catalog),
    since: time.optional(),
    until: time.optional(),
  });

  /** A webhook's deliveries, newest first: `?status=failed,pending&event_types=sync.*&since=&until=&limit=&cursor=`. */
  router.get('/webhooks/:webhookId/deliveries', async (request, response) => {
    const { limit, status: statuses, event_types: eventTypes, ...filter } = readQuery(request, listQuery);
    const { userId } = callerOf(response);
    const { webhookId } = request.params;
    if (!(await registry.find(userId, webhookId))) throw notFound('webhook', webhookId);
    const rows = await deliveries.list(userId, { ...filter, webhookId, statuses, eventTypes, limit: limit + 1 });
    response.json(toPage(rows, limit, toJson));
  });

  /** One delivery with every attempt. 404 when the caller has none with this id. */
  router.get('/deliveries/:id', async (request, response) => {
    const found = await deliveries.find(callerOf(response).userId, request.params.id);
    if (!found) throw notFound('delivery', request.params.id);
    response.json({ ...toJson(found.delivery), attempts: found.attempts.map(attemptToJson) });
  });

  return router;
}

function toJson(delivery: Delivery) {
  return {
    id: delivery.id,
    webhook_id: delivery.webhookId,
    event_id: delivery.eventId,
    event_type: delivery.eventType,
    status: delivery.status,
    attempt_count: delivery.attemptCount,
    created_at: delivery.createdAt,
    next_attempt_at: delivery.nextAttemptAt,
    finished_at: delivery.finishedAt,
  };
}

function attemptToJson(attempt: Attempt) {
  return {
    number: attempt.number,
    started_at: attempt.startedAt,
    duration_ms: attempt.durationMs,
    status_code: attempt.statusCode,
    error_class: attempt.errorClass,
    error: attempt.error,
    response_body: attempt.responseBody,
  };
}
