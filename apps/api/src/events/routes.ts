import { z } from 'zod';
import type { Accept } from '@tidings/accept';
import { bindIdempotencyKey, findPosition, readOwnerEvents, type Queryable } from '@tidings/database';
import type { Catalog, TidingsEvent } from '@tidings/events';
import { route, type Route } from '../openapi/route.js';
import { page, pageOf } from '../http/pages.js';
import { invalid, Problem } from '../problems/problem.js';
import { check } from '../http/read-input.js';
import { digestOf, idempotencyKey, withDerivedIds } from './idempotency.js';
import { typesParameter } from './types-parameter.js';
import { eventJson, eventToJson, eventTypeJson, MAX_EVENTS, publishBody, publishedJson } from './view.js';

const COUNT = `must be a list of 1 to ${String(MAX_EVENTS)} events`;
const batch = z.strictObject({ events: z.array(z.unknown(), COUNT).min(1, COUNT).max(MAX_EVENTS, COUNT) });

interface EventRoutesParts {
  accept: Accept;
  catalog: Catalog;
  sql: Queryable;
  /** Told of each call whose events the catalog does not allow, for the metrics. */
  onInvalid?: () => void;
}

/** Publishing, the log for polling, and the catalog. */
export function eventRoutes({ accept, catalog, sql, onInvalid }: EventRoutesParts): Route[] {
  const validate = (body: unknown): { many: boolean; drafts: unknown[]; events: TidingsEvent[] } => {
    const many = typeof body === 'object' && body !== null && 'events' in body;
    try {
      const drafts = many ? check(body, batch).events : [body];
      return { many, drafts, events: catalog.validate(drafts, many ? 'events' : undefined) };
    } catch (error) {
      onInvalid?.();
      throw error;
    }
  };

  return [
    route(
      {
        method: 'post',
        path: '/api/events',
        summary: 'Publishes one event or many, all or none',
        description:
          'Accepted means committed, with every delivery. An id that is in the log already is the same event, and nothing new.',
        access: { scope: 'events:publish' },
        headers: { 'Idempotency-Key': 'A repeat of the body under the same key is the same events, with ids or without.' },
        body: publishBody(catalog),
        answers: {
          200: { description: 'Every id was in the log already.', schema: publishedJson },
          202: { description: 'Accepted: an object for one event, a list for many.', schema: publishedJson },
          409: { description: 'An id is taken by another event, or the key was used for another body. Nothing was accepted.' },
        },
      },
      async ({ request, caller: { owner }, body }, response) => {
        const key = idempotencyKey(request);
        const { many, drafts, events } = validate(body);
        if (key !== undefined && !(await bindIdempotencyKey(sql, { owner, key, digest: digestOf(body) }))) throw keyIsTaken();
        const accepted = await accept(key === undefined ? events : withDerivedIds(events, drafts, { owner, key }));
        // For the access log: of a list, each event has a line of its own, at the level debug.
        if (!many) response.locals['eventId'] = accepted[0]?.id;
        response.status(accepted.some(({ status }) => status === 'accepted') ? 202 : 200);
        response.json(many ? { data: accepted } : accepted[0]);
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/events',
        summary: 'The events that the caller may see, oldest first',
        description: 'For polling: keep `next_cursor`, and ask again. It stays the same while there is nothing new.',
        access: 'owner',
        query: z.strictObject({ ...page, types: typesParameter(catalog) }),
        answers: { 200: { description: 'What comes after the cursor.', schema: pageOf(eventJson) } },
      },
      async ({ caller: { owner }, query: { limit, cursor, types } }, response) => {
        const after = cursor === undefined ? 0 : await findPosition(sql, owner, cursor);
        if (after === null) throw invalid([{ field: 'cursor', message: 'must be the next_cursor of an earlier page' }]);
        const { events } = await readOwnerEvents(sql, owner, { after, limit, types: types ?? null });
        // A poller keeps its cursor while there is nothing new.
        const next = events.at(-1)?.id ?? cursor ?? null;
        response.type('json').send(`{"data":[${events.map(eventToJson).join(',')}],"next_cursor":${JSON.stringify(next)}}`);
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/event-types',
        summary: 'The catalog of event types',
        access: 'owner',
        answers: {
          200: {
            description: 'Each type with who sees it, its JSON Schema and an example.',
            schema: z.strictObject({ data: z.array(eventTypeJson) }),
          },
        },
      },
      (_call, response) => {
        response.json({ data: catalog.describe() });
      },
    ),
  ];
}

/** 409, as for an id that is taken: one answer for "this name is another thing's" (docs/decisions/0014-idempotency-keys.md). */
function keyIsTaken(): Problem {
  return new Problem(409, 'The idempotency key is taken', {
    detail: 'You used this Idempotency-Key for another body. Nothing was accepted. A new request needs a new key.',
  });
}
