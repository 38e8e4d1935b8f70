import { Router } from 'express';
import { z } from 'zod';
import { findPosition, readUserEvents, type Queryable } from '@tidings/database';
import { EVENT_ID, type Catalog } from '@tidings/events';
import { callerOf } from '../auth/authenticate.js';
import { typesParameter } from '../events/types-parameter.js';
import { invalid } from '../problems/problem.js';
import { readQuery } from '../read-input.js';
import { notice } from './frame.js';
import type { Hub } from './hub.js';
import { replay } from './replay.js';
import { openSession } from './session.js';

interface StreamRoutesParts {
  hub: Hub;
  sql: Queryable;
  catalog: Pick<Catalog, 'streamedTypes'>;
}

/** `/api/events/stream`: the live stream. */
export function streamRoutes({ hub, sql, catalog }: StreamRoutesParts): Router {
  const router = Router();
  const streamQuery = z.strictObject({
    types: typesParameter({ types: catalog.streamedTypes }),
    last_event_id: z.string().optional(),
  });

  /**
   * Server-Sent Events: what the caller may see, as it happens. `?types=sync.*` narrows it. After `Last-Event-ID` (header,
   * or `?last_event_id=`) it resumes right behind that event; when the log has no such event, a `stream.gap` says so and
   * everything that there is follows.
   */
  router.get('/', async (request, response) => {
    const query = readQuery(request, streamQuery);
    const { userId, expiresAt } = callerOf(response);
    const lastEventId = request.get('last-event-id') ?? query.last_event_id;
    if (lastEventId !== undefined && lastEventId !== '' && !EVENT_ID.test(lastEventId)) {
      throw invalid([{ field: 'last_event_id', message: 'must be the id of an event' }]);
    }
    const types = query.types ? new Set(query.types) : null;
    const known = lastEventId ? await findPosition(sql, userId, lastEventId) : hub.position;
    // The client went away while the log was asked.
    if (response.closed) return;

    const session = openSession({ response, userId, types, position: known ?? 0, expiresAt });
    hub.join(session);
    response.once('close', () => {
      hub.leave(session);
    });
    if (known === null) session.write(notice('stream.gap', { last_event_id: lastEventId }));
    try {
      await replay(session, {
        hub,
        readPage: ({ position }, limit) => readUserEvents(sql, userId, { after: position, limit, types: types && [...types] }),
      });
    } catch (error) {
      // The client comes back, and says where it was.
      response.destroy();
      throw error;
    }
  });

  return router;
}
