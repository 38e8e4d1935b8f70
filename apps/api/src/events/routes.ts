import { z } from 'zod';
import type { Accept, EventTypes } from '@tidings/accept';
import { readEvent, type IdempotencyKeyUse, type Queryable } from '@tidings/database';
import { InvalidEventError } from '@tidings/events';
import { route, type Route } from '../openapi/route.js';
import { digestOf, idempotencyHeader, idempotencyKey, keyIsTaken, textDigestOf } from '../http/idempotency-key.js';
import { MAX_BODY } from '../http/json-body.js';
import { pageOf } from '../http/pages.js';
import { checkPublishedTypes } from '../auth/authenticate.js';
import { PUBLISH } from '../auth/publish-scopes.js';
import { invalid, notFound, Problem } from '../problems/problem.js';
import { check } from '../http/read-input.js';
import { eventDeliveriesPage } from '../deliveries/event-deliveries.js';
import { eventsPage, eventsQuery } from './events-page.js';
import { withDerivedIds } from './idempotency.js';
import { refuseOwnDeliveries } from './loop.js';
import {
  eventDetailsJson,
  eventDetailsToJson,
  eventJson,
  eventToJson,
  firstPage,
  MAX_EVENTS,
  publishBody,
  publishedJson,
} from './view.js';

const LIST_RULE = 'must be one event, or {"events": [...]}, not a list';
const COUNT_RULE = `must be a list of 1 to ${String(MAX_EVENTS)} events`;
const batch = z.strictObject({ events: z.array(z.unknown(), COUNT_RULE).min(1, COUNT_RULE).max(MAX_EVENTS, COUNT_RULE) });

interface EventRoutesParts {
  accept: Accept;
  /** Binds an idempotency key to its request; false when it is bound to another one. */
  bindKey: (use: IdempotencyKeyUse) => Promise<boolean>;
  eventTypes: EventTypes;
  sql: Queryable;
  /** Called for each request that is refused for an invalid body or event, for the metrics. Default: not called. */
  onInvalid?: () => void;
}

/** The routes that publish events, and list the event log for polling. */
export function eventRoutes({ accept, bindKey, eventTypes, sql, onInvalid }: EventRoutesParts): Route[] {
  const readDrafts = (body: unknown): { list: string | undefined; drafts: unknown[] } => {
    if (Array.isArray(body)) throw invalid([{ field: '', message: LIST_RULE }]);
    const isBatch = typeof body === 'object' && body !== null && 'events' in body;
    return isBatch ? { list: 'events', drafts: check(body, batch).events } : { list: undefined, drafts: [body] };
  };

  /** Counts requests whose body or events are not valid. */
  const countInvalid = (error: unknown): never => {
    if (error instanceof InvalidEventError || (error instanceof Problem && error.status === 400)) onInvalid?.();
    throw error;
  };

  const isBound = async (use: Omit<IdempotencyKeyUse, 'digest'>, body: unknown): Promise<boolean> =>
    (await bindKey({ ...use, digest: digestOf(body) })) || (await bindKey({ ...use, digest: textDigestOf(body) }));

  return [
    route(
      {
        method: 'post',
        path: '/api/events',
        maxBodyBytes: MAX_BODY.events,
        operationId: 'publishEvents',
        summary: 'Publishes one event or a batch of events, all or none',
        description:
          'A token may have `events:publish` for all types, or `events:publish:` and a pattern of types, such as `events:publish:invoice.*` or `events:publish:invoice.paid`; several add up. An accepted event is committed, together with its deliveries. A repeated id with the same content is the same event, and creates nothing new.',
        access: { scope: PUBLISH },
        headers: idempotencyHeader('A repeated body with the same key publishes the same events, also for events without an id.'),
        body: publishBody,
        responses: {
          200: { description: 'Every event was already in the event log.', schema: publishedJson },
          202: {
            description:
              'Accepted. The body is one result for one event, and `{"data": […]}` with a result for each event of a batch, in their order.',
            schema: publishedJson,
          },
          403: {
            description:
              'The token lacks the scope, or a type is covered by none of its scopes: `errors` names the events. Or an operator disabled the owner.',
          },
          409: {
            description: 'Another event has the id, or the idempotency key was used for another body. Nothing was accepted.',
          },
          508: {
            description:
              'The request is a delivery of an event of this log: a webhook posts to this route, or its receiver forwards what it gets. Nothing was accepted.',
          },
        },
      },
      async ({ request, caller, body }, response) => {
        const { owner } = caller;
        const key = idempotencyKey(request);
        await refuseOwnDeliveries(sql, request, body);
        const publish = async () => {
          const { list, drafts } = readDrafts(body);
          const accepted = await eventTypes.withValidEvents(drafts, list, async (events) => {
            const types = events.map(({ type }) => type);
            checkPublishedTypes(caller, types, list);
            if (key === undefined) return accept(events, owner);
            if (!(await isBound({ owner, key }, body))) throw keyIsTaken('Nothing was accepted.');
            return accept(withDerivedIds(events, drafts, { owner, key }), owner);
          });
          return { isBatch: list !== undefined, accepted };
        };
        const { isBatch, accepted } = await publish().catch(countInvalid);
        // For the access log. The events of a batch are logged one by one, at the level debug.
        if (!isBatch) response.locals['eventId'] = accepted[0]?.id;
        response.status(accepted.some(({ status }) => status === 'accepted') ? 202 : 200);
        response.json(isBatch ? { data: accepted } : accepted[0]);
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/events',
        operationId: 'listEvents',
        namesEventTypes: true,
        readsLog: true,
        summary: 'The events that the caller may see, oldest first or newest first',
        description:
          'For polling, oldest first: send the `next_cursor` of the last response as `cursor`. It stays the same while there are no new events. Newest first, it is null on the last page. A page of rare types may be short or empty before that, and a page ends at 1 MB of data.',
        access: 'owner',
        query: eventsQuery(eventTypes),
        responses: { 200: { description: 'The events behind the cursor.', schema: pageOf(eventJson) } },
      },
      async ({ caller: { owner }, query }, response) => {
        response.type('json').send(await eventsPage(sql, owner, query, eventToJson));
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/events/{id}',
        operationId: 'getEvent',
        readsLog: true,
        summary: "One event that the caller may see, with its deliveries to the caller's webhooks",
        description:
          'An accepted event is in the log and on streams at once. If many webhooks match it, workers write its deliveries after that: `deliveries.complete` is false until the last one is written.',
        access: 'owner',
        params: { id: 'event' },
        responses: { 200: { description: 'The event.', schema: eventDetailsJson } },
      },
      async ({ caller: { owner }, params: { id } }, response) => {
        const event = await readEvent(sql, owner, id);
        if (!event) throw notFound('event', id);
        response.type('json').send(eventDetailsToJson(event, await eventDeliveriesPage(sql, owner, firstPage(id))));
      },
    ),
  ];
}
