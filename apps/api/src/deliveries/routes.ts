import { z } from 'zod';
import { findPosition, readOwnerEvents, type DeliveryState, type Queryable } from '@tidings/database';
import type { KnownTypes } from '../events/types-parameter.js';
import { eventJson, eventToJson } from '../events/view.js';
import { route, type Route } from '../openapi/route.js';
import { pageOf } from '../http/pages.js';
import { notFound, Problem } from '../problems/problem.js';
import type { CountDestination } from '../limits/limits.js';
import type { Registry } from '../webhooks/registry.js';
import { eventDeliveriesPage, ofEvent } from './event-deliveries.js';
import { listPage } from './list-page.js';
import type { DeliveryLog } from './delivery-log.js';
import type { Cancel } from './cancel.js';
import type { Replay } from './replay.js';
import type { Retry } from './retry.js';
import { selectionSchemas } from './selection.js';
import { webhookDisabled } from '../webhooks/nothing-is-sent.js';
import { attemptsQuery, deliveryJson, deliveryToJson, deliveryWithAttemptsJson, deliveryWithAttemptsToJson } from './view.js';

interface DeliveryRoutesParts {
  deliveries: DeliveryLog;
  retry: Retry;
  cancel: Cancel;
  replay: Replay;
  registry: Pick<Registry, 'find'>;
  countDestination: CountDestination;
  eventTypes: KnownTypes;
  sql: Queryable;
}

const replayJson = z
  .strictObject({
    count: z.int().describe('The number of deliveries that are replayed, or that a dry run selects.'),
    dry_run: z.boolean(),
    first_attempt_at: z.date().nullable().describe('When the first replayed delivery is due; null if there is none.'),
    last_attempt_at: z.date().nullable().describe('When the last replayed delivery is due; null if there is none.'),
  })
  .meta({ id: 'Replay' });

/** The routes with which owners read the deliveries of their webhooks, retry or cancel one, and replay many. */
export function deliveryRoutes(parts: DeliveryRoutesParts): Route[] {
  const { deliveries, retry, cancel, replay, registry, countDestination, eventTypes, sql } = parts;
  const schemas = selectionSchemas(eventTypes);

  const findWebhook = async (owner: string, webhookId: string) => {
    const webhook = await registry.find(owner, webhookId);
    if (!webhook) throw notFound('webhook', webhookId);
    return webhook;
  };
  const findDelivery = async (owner: string, id: string) => {
    const found = await deliveries.find(owner, id);
    if (!found) throw notFound('delivery', id);
    return found;
  };

  return [
    route(
      {
        method: 'get',
        path: '/api/webhooks/{id}/deliveries',
        operationId: 'listDeliveries',
        namesEventTypes: true,
        readsLog: true,
        summary: 'Deliveries of a webhook, newest first',
        access: 'owner',
        params: { id: 'webhook' },
        query: schemas.list,
        responses: { 200: { description: 'A page of deliveries.', schema: pageOf(deliveryJson) } },
      },
      async ({ caller, params, query }, response) => {
        const { id } = await findWebhook(caller.owner, params.id);
        response.json(await listPage(deliveries, id, query));
      },
    ),

    route(
      {
        method: 'post',
        path: '/api/webhooks/{id}/replay',
        operationId: 'replayDeliveries',
        namesEventTypes: true,
        readsLog: true,
        summary: 'Replays terminal deliveries of a webhook, or events that it missed',
        description:
          'The selected deliveries become pending again and are attempted in the order of the event log. They have a lower priority than new events, and become due at a limited rate. With `missing`, events without a delivery to this webhook are replayed as well.',
        access: 'owner',
        params: { id: 'webhook' },
        body: { schema: schemas.replay, example: { since: '2026-11-24T10:00:00Z', status: ['failed'], dry_run: true } },
        responses: {
          200: { description: 'No delivery is selected, or this was a dry run, which only counts.', schema: replayJson },
          202: { description: 'The number of replayed deliveries, and when they are due.', schema: replayJson },
          409: { description: 'The webhook is disabled.' },
        },
      },
      async ({ caller, params, body }, response) => {
        const webhook = await findWebhook(caller.owner, params.id);
        if (!webhook.enabled) throw webhookDisabled(webhook.id);
        if (!body.dry_run) await countDestination(response, webhook.url);
        const result = await replay(webhook, body);
        response.status(result.count > 0 && !result.dry_run ? 202 : 200).json(result);
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/deliveries',
        operationId: 'listDeliveriesOfEvent',
        readsLog: true,
        summary: "The deliveries of an event to the caller's webhooks, those to the newest webhook first",
        description:
          'Deliveries to webhooks that were removed are left out; each stays readable by its id. Those of an event that many webhooks match are written after its acceptance: `GET /api/events/{id}` says whether all are.',
        access: 'owner',
        query: ofEvent,
        responses: {
          200: { description: 'A page of deliveries.', schema: pageOf(deliveryJson) },
          404: { description: 'There is no such event that the caller may see.' },
        },
      },
      async ({ caller: { owner }, query }, response) => {
        if ((await findPosition(sql, owner, query.event_id)) === null) throw notFound('event', query.event_id);
        response.json(await eventDeliveriesPage(sql, owner, query));
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/deliveries/{id}',
        operationId: 'getDelivery',
        summary: 'One delivery with its newest attempts',
        description: 'At most 100 attempts are returned: `before` reads those before them.',
        access: 'owner',
        params: { id: 'delivery' },
        query: attemptsQuery,
        responses: { 200: { description: 'The delivery.', schema: deliveryWithAttemptsJson } },
      },
      async ({ caller, params: { id }, query: { before } }, response) => {
        const found = await deliveries.findWithAttempts(caller.owner, id, before);
        if (!found) throw notFound('delivery', id);
        response.json(deliveryWithAttemptsToJson(found));
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/deliveries/{id}/event',
        operationId: 'getDeliveryEvent',
        summary: 'The event of a delivery',
        description:
          'The body of each attempt consists of `type`, `timestamp` and `data`. The header `webhook-id` is the `id` of the event.',
        access: 'owner',
        params: { id: 'delivery' },
        responses: { 200: { description: 'The event.', schema: eventJson } },
      },
      async ({ caller: { owner }, params }, response) => {
        const delivery = await findDelivery(owner, params.id);
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
        operationId: 'retryDelivery',
        summary: 'Retries one delivery now',
        description:
          'A terminal delivery becomes pending again, as a replay. A delivery that waits for its next attempt is attempted without the wait.',
        access: 'owner',
        params: { id: 'delivery' },
        responses: {
          202: { description: 'The delivery. It is unchanged if it is already due or in flight.', schema: deliveryJson },
          409: { description: 'The webhook of the delivery is disabled or removed.' },
        },
      },
      async ({ caller: { owner }, params: { id } }, response) => {
        const { webhookId } = await findDelivery(owner, id);
        const target = await registry.find(owner, webhookId);
        if (target?.enabled) await countDestination(response, target.url);
        const webhook = await retry(owner, id);
        const delivery = await findDelivery(owner, id);
        if (webhook === 'disabled') throw webhookDisabled(delivery.webhookId);
        if (webhook === 'removed') throw webhookRemoved(delivery.webhookId);
        response.status(202).json(deliveryToJson(delivery));
      },
    ),

    route(
      {
        method: 'post',
        path: '/api/deliveries/{id}/cancel',
        operationId: 'cancelDelivery',
        summary: 'Cancels one pending delivery',
        description:
          'No attempt begins any more, and the next delivery of a fifo webhook follows. A request that is under way cannot be called back: the delivery becomes `succeeded` if the request does, and otherwise stays `cancelled`. Cancelling again changes nothing. A cancelled delivery can be retried or replayed.',
        access: 'owner',
        params: { id: 'delivery' },
        responses: {
          200: { description: 'The cancelled delivery.', schema: deliveryJson },
          409: { description: 'The delivery has succeeded, failed or been skipped.' },
        },
      },
      async ({ caller: { owner }, params: { id } }, response) => {
        const result = await cancel(owner, id);
        const delivery = await findDelivery(owner, id);
        if (!result?.cancelled && delivery.status !== 'cancelled') throw hasEnded(delivery);
        response.json(deliveryToJson(delivery));
      },
    ),
  ];
}

function hasEnded({ id, status }: Pick<DeliveryState, 'id' | 'status'>): Problem {
  return new Problem(409, 'The delivery has ended', {
    detail: `"${id}" is ${status}, so no attempt of it will be made. Only a pending delivery can be cancelled. Nothing was changed.`,
  });
}

function webhookRemoved(webhookId: string): Problem {
  return new Problem(409, 'The webhook was removed', {
    detail: `There is no webhook "${webhookId}" any more. Register the URL again, and read missed events with GET /api/events.`,
  });
}
