import { Router } from 'express';
import { z } from 'zod';
import type { Accept } from '@tidings/accept';
import { bindIdempotencyKey, findPosition, readUserEvents, type LoggedEvent, type Queryable } from '@tidings/database';
import type { Catalog } from '@tidings/events';
import { callerOf, requireScope } from '../auth/authenticate.js';
import { page } from '../pages.js';
import { invalid, Problem } from '../problems/problem.js';
import { jsonBody, readBody, readQuery } from '../read-input.js';
import { digestOf, idempotencyKey, withDerivedIds } from './idempotency.js';
import { typesParameter } from './types-parameter.js';

const MAX_EVENTS = 1000;
const COUNT = `must be a list of 1 to ${String(MAX_EVENTS)} events`;
const batch = z.strictObject({ events: z.array(z.unknown(), COUNT).min(1, COUNT).max(MAX_EVENTS, COUNT) });

interface EventRoutesParts {
  accept: Accept;
  catalog: Catalog;
  sql: Queryable;
}

/** `/api/events` and `/api/event-types`: publishing, the log for polling, and the catalog. */
export function eventRoutes({ accept, catalog, sql }: EventRoutesParts): Router {
  const router = Router();
  const listQuery = z.strictObject({ ...page, types: typesParameter(catalog) });

  /**
   * Publishes one event, or `{events: [...]}`, all or none. 202 once they and their deliveries are committed (I1); 200
   * when every id was in the log already. Needs the scope `events:publish`. 400 names every wrong field of every event; 409
   * the ids that are taken by other events. With an `Idempotency-Key` a repeat of the body is the same events, ids or not;
   * 409 when the key was used for another body.
   */
  router.post('/events', requireScope('events:publish'), async (request, response) => {
    const { userId } = callerOf(response);
    const key = idempotencyKey(request);
    const body = jsonBody(request);
    const many = typeof body === 'object' && body !== null && 'events' in body;
    const drafts = many ? readBody(request, batch).events : [body];
    const events = catalog.validate(drafts, many ? 'events' : undefined);
    if (key !== undefined && !(await bindIdempotencyKey(sql, { userId, key, digest: digestOf(body) }))) throw keyIsTaken();
    const accepted = await accept(key === undefined ? events : withDerivedIds(events, drafts, { userId, key }));
    response.status(accepted.some(({ status }) => status === 'accepted') ? 202 : 200);
    response.json(many ? { data: accepted } : accepted[0]);
  });

  /** The events that the caller may see, oldest first, after the cursor: `?types=&limit=&cursor=` → `{data, next_cursor}`. */
  router.get('/events', async (request, response) => {
    const { limit, cursor, types } = readQuery(request, listQuery);
    const { userId } = callerOf(response);
    const after = cursor === undefined ? 0 : await findPosition(sql, userId, cursor);
    if (after === null) throw invalid([{ field: 'cursor', message: 'must be the next_cursor of an earlier page' }]);
    const events = await readUserEvents(sql, userId, { after, limit, types: types ?? null });
    // A poller keeps its cursor while there is nothing new.
    const next = events.at(-1)?.id ?? cursor ?? null;
    response.type('json').send(`{"data":[${events.map(toJson).join(',')}],"next_cursor":${JSON.stringify(next)}}`);
  });

  /** The catalog: each type with who sees it, its JSON Schema and an example. */
  router.get('/event-types', (_request, response) => {
    response.json({ data: catalog.describe() });
  });

  return router;
}

/** 409, as for an id that is taken: one answer for "this name is another thing's" (docs/decisions/0014-idempotency-keys.md). */
function keyIsTaken(): Problem {
  return new Problem(409, 'The idempotency key is taken', {
    detail: 'You used this Idempotency-Key for another body. Nothing was accepted. A new request needs a new key.',
  });
}

/** The payload is JSON text already, and is passed on as it was accepted. */
function toJson({ id, type, timestamp, data }: LoggedEvent): string {
  return `{"id":${JSON.stringify(id)},"type":${JSON.stringify(type)},"timestamp":"${timestamp}","data":${data}}`;
}
