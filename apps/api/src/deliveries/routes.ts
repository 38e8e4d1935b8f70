import { Router } from 'express';
import type { Catalog } from '@tidings/events';
import { callerOf } from '../auth/authenticate.js';
import { toPage } from '../pages.js';
import { notFound, Problem } from '../problems/problem.js';
import { readBody, readQuery } from '../read-input.js';
import { onlyIdsOf } from '../resource-id.js';
import type { Registry } from '../webhooks/registry.js';
import type { DeliveryLog } from './log.js';
import type { Replay } from './replay.js';
import type { Retry } from './retry.js';
import { selectionSchemas } from './selection.js';
import { attemptToJson, deliveryToJson } from './view.js';

interface DeliveryRoutesParts {
  deliveries: DeliveryLog;
  retry: Retry;
  replay: Replay;
  registry: Pick<Registry, 'find'>;
  catalog: Pick<Catalog, 'types'>;
}

/** `/api/webhooks/{id}/deliveries`, `/api/webhooks/{id}/replay` and `/api/deliveries/{id}`: the log of the caller's own webhooks. */
export function deliveryRoutes({ deliveries, retry, replay, registry, catalog }: DeliveryRoutesParts): Router {
  const router = Router();
  router.param('webhookId', onlyIdsOf('webhook'));
  router.param('id', onlyIdsOf('delivery'));
  const schemas = selectionSchemas(catalog);

  const ownWebhook = async (userId: string, webhookId: string) => {
    const webhook = await registry.find(userId, webhookId);
    if (!webhook) throw notFound('webhook', webhookId);
    return webhook;
  };
  const ownDelivery = async (userId: string, id: string) => {
    const found = await deliveries.find(userId, id);
    if (!found) throw notFound('delivery', id);
    return found;
  };

  /** A webhook's deliveries, newest first: `?status=failed,pending&event_types=sync.*&since=&until=&limit=&cursor=`. */
  router.get('/webhooks/:webhookId/deliveries', async (request, response) => {
    const { limit, status: statuses, event_types: eventTypes, ...filter } = readQuery(request, schemas.list);
    const { userId } = callerOf(response);
    const { id: webhookId } = await ownWebhook(userId, request.params.webhookId);
    const rows = await deliveries.list({ ...filter, webhookId, statuses, eventTypes, limit: limit + 1 });
    response.json(toPage(rows, limit, deliveryToJson));
  });

  /**
   * Attempts a webhook's terminal deliveries again: `{since, until?, status?, event_types?, dry_run?}`, behind what is new,
   * at a bounded rate, in the order of the log. 202 with how many there are and when they are due; 200 when there are none,
   * and for a dry run, which only counts. 409 while the webhook is disabled.
   */
  router.post('/webhooks/:webhookId/replay', async (request, response) => {
    const selection = readBody(request, schemas.replay);
    const webhook = await ownWebhook(callerOf(response).userId, request.params.webhookId);
    if (!webhook.enabled) throw disabled(webhook.id);
    const answer = await replay(webhook.id, selection);
    response.status(answer.count > 0 && !answer.dry_run ? 202 : 200).json(answer);
  });

  /** One delivery with every attempt. 404 when the caller has none with this id. */
  router.get('/deliveries/:id', async (request, response) => {
    const { delivery, attempts } = await ownDelivery(callerOf(response).userId, request.params.id);
    response.json({ ...deliveryToJson(delivery), attempts: attempts.map(attemptToJson) });
  });

  /**
   * Attempts one delivery now: again when it is terminal, at once when it waits for its next attempt. 202 with the delivery,
   * which is unchanged when it is on its way already. 409 when its webhook is disabled or removed.
   */
  router.post('/deliveries/:id/retry', async (request, response) => {
    const { userId } = callerOf(response);
    const { id } = request.params;
    const webhook = await retry(userId, id);
    const { delivery } = await ownDelivery(userId, id);
    if (webhook === 'disabled') throw disabled(delivery.webhookId);
    if (webhook === 'removed') throw removed(delivery.webhookId);
    response.status(202).json(deliveryToJson(delivery));
  });

  return router;
}

function disabled(webhookId: string): Problem {
  return new Problem(409, 'The webhook is disabled', {
    detail: `Nothing is sent to "${webhookId}" while it is disabled. PATCH /api/webhooks/${webhookId} with {"enabled": true}, then try again.`,
  });
}

function removed(webhookId: string): Problem {
  return new Problem(409, 'The webhook was removed', {
    detail: `There is no webhook "${webhookId}" any more. Register the URL anew, and read what was missed from GET /api/events.`,
  });
}
