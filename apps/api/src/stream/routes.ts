import { z } from 'zod';
import { findPosition, readUserEvents, type Queryable } from '@tidings/database';
import { EVENT_ID, type Catalog } from '@tidings/events';
import { typesParameter } from '../events/types-parameter.js';
import { route, type Route } from '../openapi/route.js';
import { invalid } from '../problems/problem.js';
import { notice } from './frame.js';
import type { Hub } from './hub.js';
import { replay } from './replay.js';
import { openSession } from './session.js';
import type { Tickets } from './tickets.js';

interface StreamRoutesParts {
  hub: Hub;
  sql: Queryable;
  catalog: Pick<Catalog, 'streamedTypes'>;
  tickets: Pick<Tickets, 'issue'>;
}

/** Where the stream is. */
export const STREAM = '/api/events/stream';

/** The live stream. */
export function streamRoutes({ hub, sql, catalog, tickets }: StreamRoutesParts): Route[] {
  return [
    route(
      {
        method: 'get',
        path: STREAM,
        summary: 'The live stream: what the caller may see, as it happens',
        description:
          'Server-Sent Events. After a `Last-Event-ID` it resumes right behind that event; when the log has no such event, a `stream.gap` says so and everything that there is follows.',
        access: 'user',
        query: z.strictObject({
          types: typesParameter({ types: catalog.streamedTypes }),
          last_event_id: z.string().optional().describe('For clients that cannot set the header.'),
          ticket: z.string().optional().describe('Instead of a token: see `/api/events/stream/ticket`.'),
        }),
        headers: { 'Last-Event-ID': 'The id of the last event that the client has.' },
        answers: { 200: { description: 'The stream.', schema: z.string(), contentType: 'text/event-stream' } },
      },
      async ({ request, caller: { userId, expiresAt, tokenId }, query }, response) => {
        const lastEventId = request.get('last-event-id') ?? query.last_event_id;
        if (lastEventId !== undefined && lastEventId !== '' && !EVENT_ID.test(lastEventId)) {
          throw invalid([{ field: 'last_event_id', message: 'must be the id of an event' }]);
        }
        const types = query.types ? new Set(query.types) : null;
        const known = lastEventId ? await findPosition(sql, userId, lastEventId) : hub.position;
        // The client went away while the log was asked.
        if (response.closed) return;

        const session = openSession({ response, userId, types, position: known ?? 0, expiresAt, tokenId });
        hub.join(session);
        response.once('close', () => {
          hub.leave(session);
        });
        if (known === null) session.write(notice('stream.gap', { last_event_id: lastEventId }));
        try {
          await replay(session, {
            hub,
            readPage: ({ position }, limit) =>
              readUserEvents(sql, userId, { after: position, limit, types: types && [...types] }),
          });
        } catch (error) {
          // The client comes back, and says where it was.
          response.destroy();
          throw error;
        }
      },
    ),

    route(
      {
        method: 'post',
        path: `${STREAM}/ticket`,
        summary: 'A ticket for one stream, for EventSource',
        description:
          'A browser’s EventSource sends no token: it opens `/api/events/stream?ticket=` instead, once, within 60 seconds. The stream is that of the caller, and ends with the caller’s token.',
        access: 'user',
        answers: {
          201: { description: 'The ticket.', schema: z.strictObject({ ticket: z.string(), expires_at: z.date() }) },
        },
      },
      async ({ caller }, response) => {
        const { ticket, expiresAt } = await tickets.issue(caller);
        response.status(201).json({ ticket, expires_at: expiresAt });
      },
    ),
  ];
}
