import { z } from 'zod';
import { findPosition, readOwnerEvents, type Queryable } from '@tidings/database';
import type { Catalog } from '@tidings/events';
import { eventJson, eventToJson } from '../events/view.js';
import { route, type Route } from '../openapi/route.js';
import { pageOf } from '../http/pages.js';
import { notFound, Problem } from '../problems/problem.js';
import type { Registry } from '../webhooks/registry.js';
import { listPage } from './list-page.js';
import type { DeliveryLog } from './delivery-log.js';
import type { Replay } from './replay.js';
import type { Retry } from './retry.js';
import { selectionSchemas } from './selection.js';
import { deliveryJson, deliveryToJson, deliveryWithAttemptsJson, deliveryWithAttemptsToJson } from './view.js';

interface DeliveryRoutesParts {
  deliveries: DeliveryLog;
  retry: Retry;
  replay: Replay;
  registry: Pick<Registry, 'find'>;
  catalog: Pick<Catalog, 'types'>;
  sql: Queryable;
}

const replayJson = z
  .strictObject({
    count: z.int().describe('How many deliveries are meant.'),
    dry_run: z.boolean(),
    first_attempt_at: z.date().nullable(),
    last_attempt_at: z.date().nullable(),
  })
  .meta({ id: 'Replay' });

/** The log of the caller's own webhooks, and what can be sent again of it. */
export function deliveryRoutes({ deliveries, retry, replay, registry, catalog, sql }: DeliveryRoutesParts): Route[] {
  const schemas = selectionSchemas(catalog);

  const ownWebhook = async (owner: string, webhookId: string) => {
    const webhook = await registry.find(owner, webhookId);
    if (!webhook) throw notFound('webhook', webhookId);
    return webhook;
  };
  const ownDelivery = async (owner: string, id: string) => {
    const found = await deliveries.find(owner, id);
    if (!found) throw notFound('delivery', id);
    return found;
  };

  return [
    route(
      {
        method: 'get',
        path: '/api/webhooks/{id}/deliveries',
        summary: "A webhook's deliveries, newest first",
        access: 'owner',
        params: { id: 'webhook' },
        query: schemas.list,
        answers: { 200: { description: 'A page of them.', schema: pageOf(deliveryJson) } },
      },
      async ({ caller, params, query }, response) => {
        const { id } = await ownWebhook(caller.owner, params.id);
        response.json(await listPage(deliveries, id, query));
      },
    ),

    route(
      {
        method: 'post',
        path: '/api/webhooks/{id}/replay',
        summary: "Attempts a webhook's terminal deliveries again",
        description: 'Behind what is new, at a bounded rate, in the order of the log.',
        access: 'owner',
        params: { id: 'webhook' },
        body: { schema: schemas.replay, example: { since: '2026-11-24T10:00:00Z', status: ['failed'], dry_run: true } },
        answers: {
          200: { description: 'There are none, or it was a dry run, which only counts.', schema: replayJson },
          202: { description: 'How many there are, and when they are due.', schema: replayJson },
          409: { description: 'The webhook is disabled.' },
        },
      },
      async ({ caller, params, body }, response) => {
        const webhook = await ownWebhook(caller.owner, params.id);
        if (!webhook.enabled) throw disabled(webhook.id);
        const answer = await replay(webhook.id, body);
        response.status(answer.count > 0 && !answer.dry_run ? 202 : 200).json(answer);
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/deliveries/{id}',
        summary: 'One delivery with every attempt',
        access: 'owner',
        params: { id: 'delivery' },
        answers: { 200: { description: 'The delivery.', schema: deliveryWithAttemptsJson } },
      },
      async ({ caller, params }, response) => {
        response.json(deliveryWithAttemptsToJson(await ownDelivery(caller.owner, params.id)));
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/deliveries/{id}/event',
        summary: 'The event that a delivery is of',
        description: 'Its `type`, `timestamp` and `data` are the body of each attempt, and its `id` is the `webhook-id`.',
        access: 'owner',
        params: { id: 'delivery' },
        answers: { 200: { description: 'The event.', schema: eventJson } },
      },
      async ({ caller: { owner }, params }, response) => {
        const { delivery } = await ownDelivery(owner, params.id);
        const position = await findPosition(sql, owner, delivery.eventId);
        if (position === null) throw notFound('event', delivery.eventId);
        const { events } = await readOwnerEvents(sql, owner, { after: position - 1, limit: 1 });
        response.type('json').send(events.map(eventToJson).join(''));
      },
    ),

    route(
      {
        method: 'post',
        path: '/api/deliveries/{id}/retry',
        summary: 'Attempts one delivery now',
        description: 'Again when it is terminal, at once when it waits for its next attempt.',
        access: 'owner',
        params: { id: 'delivery' },
        answers: {
          202: { description: 'The delivery, unchanged when it is on its way already.', schema: deliveryJson },
          409: { description: 'Its webhook is disabled or removed.' },
        },
      },
      async ({ caller: { owner }, params: { id } }, response) => {
        const webhook = await retry(owner, id);
        const { delivery } = await ownDelivery(owner, id);
        if (webhook === 'disabled') throw disabled(delivery.webhookId);
        if (webhook === 'removed') throw removed(delivery.webhookId);
        response.status(202).json(deliveryToJson(delivery));
      },
    ),
  ];
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
