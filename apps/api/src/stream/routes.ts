import { z } from 'zod';
import { checkScope } from '../auth/authenticate.js';
import { typesParameter, type KnownTypes } from '../events/types-parameter.js';
import { acceptsType } from '../http/accepts.js';
import { clientNetwork } from '../limits/client-network.js';
import { route, type Route } from '../openapi/route.js';
import { Problem } from '../problems/problem.js';
import { openStream, type StreamParts } from './open-stream.js';
import { beginStream } from './session.js';
import type { Tickets } from './tickets.js';

interface StreamRoutesParts {
  stream: StreamParts;
  eventTypes: KnownTypes;
  tickets: Pick<Tickets, 'issue'>;
}

/** The path of the stream. */
export const STREAM = '/api/events/stream';

const EVENT_STREAM = 'text/event-stream';
const ticketJson = z.strictObject({ ticket: z.string(), expires_at: z.date() }).meta({ id: 'StreamTicket' });

/** Creates the routes of the live stream and of its tickets. */
export function streamRoutes({ stream, eventTypes, tickets }: StreamRoutesParts): Route[] {
  return [
    route(
      {
        method: 'get',
        path: STREAM,
        operationId: 'followEvents',
        namesEventTypes: true,
        summary: 'The live stream of the events that the caller may see',
        description:
          'Server-Sent Events. With a `Last-Event-ID` the stream resumes after that event. When the log does not have the event, a `stream.gap` names the event from which the stream continues, usually the oldest that is left. `HEAD` returns the headers only.',
        access: 'owner',
        query: z.strictObject({
          types: typesParameter(eventTypes),
          audience: z
            .enum(['own', 'all'])
            .default('own')
            .describe(
              '`own`: events for everyone and for the caller; `all`: the events of all owners, which needs the scope `admin`.',
            ),
          last_event_id: z
            .string()
            .optional()
            .describe('The last event id, for clients that cannot set the header `Last-Event-ID`, which takes precedence.'),
          lastEventId: z
            .string()
            .optional()
            .describe(
              'The same for event-source-polyfill, which adds it when it reconnects: it takes precedence over `last_event_id`.',
            ),
          ticket: z.string().optional().describe('A ticket instead of a token: see `/api/events/stream/ticket`.'),
        }),
        headers: { 'Last-Event-ID': 'The id of the last event that the client has.' },
        responses: {
          200: { description: 'The stream.', schema: z.string(), contentType: EVENT_STREAM },
          403: { description: 'The token lacks the scope `admin`, which `audience=all` needs.' },
          406: { description: 'The client does not accept `text/event-stream`.' },
          429: {
            description:
              'Too many requests, or too many streams of this owner or from this address: try again after `Retry-After` seconds.',
          },
          503: { description: 'This server has as many streams as it allows, or the database is not available.' },
        },
      },
      async ({ request, caller, query }, response) => {
        if (query.audience === 'all') checkScope(caller, 'admin');
        if (!acceptsType(request.get('accept'), EVENT_STREAM)) {
          throw new Problem(406, 'Not acceptable', {
            detail: `The stream has the type ${EVENT_STREAM}, which the header "Accept" excludes.`,
          });
        }
        if (request.method === 'HEAD') {
          beginStream(response);
          response.end();
          return;
        }
        const { owner, expiresAt, tokenId, issuedAt } = caller;
        await openStream(
          response,
          {
            owner,
            address: clientNetwork(request.ip),
            seesAll: query.audience === 'all',
            types: query.types ? new Set(query.types) : null,
            expiresAt,
            tokenId,
            issuedAt,
            // The polyfill adds its parameter to a URL that may still have the id with which the page opened the stream.
            lastEventId: lastEventIdOf(request.get('last-event-id')) || query.lastEventId || query.last_event_id,
          },
          stream,
        );
      },
    ),

    route(
      {
        method: 'post',
        path: `${STREAM}/ticket`,
        operationId: 'issueStreamTicket',
        summary: 'Issues a ticket for one stream, for EventSource',
        description:
          'A browser’s EventSource cannot send a token. It opens `/api/events/stream?ticket=` instead, once, within 60 seconds. The stream shows the caller’s events, and ends when the caller’s token expires.',
        access: 'owner',
        responses: {
          201: { description: 'The ticket.', schema: ticketJson },
        },
      },
      async ({ caller }, response) => {
        const { ticket, expiresAt } = await tickets.issue(caller);
        response.status(201).json({ ticket, expires_at: expiresAt });
      },
    ),
  ];
}

/** Decodes the header: browsers send it in UTF-8, and Node reads every header as Latin-1. An empty header or parameter names no event. */
function lastEventIdOf(header: string | undefined): string | undefined {
  return header === undefined ? undefined : Buffer.from(header, 'latin1').toString();
}
