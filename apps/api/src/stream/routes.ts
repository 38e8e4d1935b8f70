import { z } from 'zod';
import type { Catalog } from '@tidings/events';
import { checkScope } from '../auth/authenticate.js';
import { typesParameter } from '../events/types-parameter.js';
import { route, type Route } from '../openapi/route.js';
import { Problem } from '../problems/problem.js';
import { openStream, type StreamParts } from './open-stream.js';
import { beginStream } from './session.js';
import type { Tickets } from './tickets.js';

interface StreamRoutesParts {
  stream: StreamParts;
  catalog: Pick<Catalog, 'streamedTypes'>;
  tickets: Pick<Tickets, 'issue'>;
}

/** Where the stream is. */
export const STREAM = '/api/events/stream';

const EVENT_STREAM = 'text/event-stream';

/** The live stream. */
export function streamRoutes({ stream, catalog, tickets }: StreamRoutesParts): Route[] {
  return [
    route(
      {
        method: 'get',
        path: STREAM,
        summary: 'The live stream: what the caller may see, as it happens',
        description:
          'Server-Sent Events. After a `Last-Event-ID` it resumes right behind that event; when the log has no such event, a `stream.gap` says so, names the oldest that there is, and everything that there is follows. `HEAD` answers with the headers alone.',
        access: 'owner',
        query: z.strictObject({
          types: typesParameter({ types: catalog.streamedTypes }),
          audience: z.enum(['own', 'all']).default('own').describe("`all`: everybody's events, for the scope `admin`."),
          last_event_id: z.string().optional().describe('For clients that cannot set the header.'),
          ticket: z.string().optional().describe('Instead of a token: see `/api/events/stream/ticket`.'),
        }),
        headers: { 'Last-Event-ID': 'The id of the last event that the client has.' },
        answers: {
          200: { description: 'The stream.', schema: z.string(), contentType: EVENT_STREAM },
          403: { description: 'The token lacks the scope `admin`, which `audience=all` needs.' },
          406: { description: 'The client does not accept `text/event-stream`.' },
          429: { description: 'Too many requests, or the user has as many streams as one may have: see `Retry-After`.' },
          503: { description: 'This server has as many streams as it may have, or the database does not answer.' },
        },
      },
      async ({ request, caller, query }, response) => {
        if (query.audience === 'all') checkScope(caller, 'admin');
        if (request.accepts(EVENT_STREAM) === false) {
          throw new Problem(406, 'Not acceptable', { detail: `The stream is ${EVENT_STREAM}, which "Accept" excludes.` });
        }
        if (request.method === 'HEAD') {
          beginStream(response);
          response.end();
          return;
        }
        const { owner, expiresAt, tokenId } = caller;
        await openStream(
          response,
          {
            owner,
            seesAll: query.audience === 'all',
            types: query.types ? new Set(query.types) : null,
            expiresAt,
            tokenId,
            lastEventId: lastEventIdOf(request.get('last-event-id')) ?? query.last_event_id,
          },
          stream,
        );
      },
    ),

    route(
      {
        method: 'post',
        path: `${STREAM}/ticket`,
        summary: 'A ticket for one stream, for EventSource',
        description:
          'A browser’s EventSource sends no token: it opens `/api/events/stream?ticket=` instead, once, within 60 seconds. The stream is that of the caller, and ends with the caller’s token.',
        access: 'owner',
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

/** Browsers send it in UTF-8; Node reads every header as Latin-1. */
function lastEventIdOf(header: string | undefined): string | undefined {
  return header === undefined ? undefined : Buffer.from(header, 'latin1').toString();
}
