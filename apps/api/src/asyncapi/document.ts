import { DEFAULT_PREFIX, EVENTS_QUEUE } from '@tidings/events';
import type { WriteDocument } from '../openapi/document.js';
import { nameVersions } from '../openapi/named-versions.js';
import { createPause } from '../openapi/pause.js';
import { createPieceWriter, membersOf, separated } from '../openapi/pieces.js';
import type { RouteDescription } from '../openapi/route.js';
import { draft07, noticeMessages, writeMessages, type Message } from './messages.js';

const CHANNELS = '#/channels';

/**
 * Creates the writer of the AsyncAPI 3.0 document. It describes what OpenAPI cannot: the messages of the stream, and the jobs of the
 * Redis queue with which services publish events without the API.
 *
 * @param stream the route of the stream
 * @param basePath the path of the server; default: none
 * @see https://www.asyncapi.com/docs/reference/specification/v3.0.0
 */
export function createAsyncApiWriter(
  stream: Pick<RouteDescription, 'path' | 'description' | 'query'>,
  basePath = '',
): WriteDocument {
  const head = headOf(basePath);
  const operations = operationsOf(stream);
  const notices = noticeMessages();
  const writePieces = createPieceWriter(writeMessages);

  return async ({ types, systemTypes }) => {
    const pause = createPause();
    const versions = await nameVersions({ published: types, sent: [], streamed: systemTypes }, [], pause);
    const pieces = await writePieces(versions, pause);
    const streamed = [...pieces.map((piece) => piece.streamed), ...notices];
    const queued = pieces.flatMap((piece) => piece.queued);
    const messages = [...streamed, ...queued].map((message) => message.text);
    const channels = channelsOf(stream, streamed, queued);
    return [
      `{${membersOf({ ...head, channels, operations })},"components":{"messages":{`,
      ...separated(messages),
      '},"schemas":{',
      ...separated(pieces.flatMap(({ schemas }) => schemas)),
      `},${membersOf({ securitySchemes: SECURITY_SCHEMES })}}}`,
    ];
  };
}

function headOf(basePath: string) {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Tidings',
      version: '0.1.0',
      description:
        'The messages of the live stream, and of the Redis queue with which services publish events without the API. `/openapi.json` describes the routes, and the requests that webhooks receive.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      api: {
        host: '{host}',
        ...(basePath !== '' && { pathname: basePath }),
        protocol: 'https',
        description: 'The API. `npm start` serves it without TLS.',
        variables: { host: { default: 'localhost:3000', description: 'The host of the API, with its port.' } },
        security: [schemeRef('bearer'), schemeRef('ticket')],
      },
      redis: {
        host: '{redis}',
        protocol: 'redis',
        description: 'The Redis server of Tidings, for services with access to it.',
        variables: { redis: { default: 'localhost:6379', description: 'The host of Redis, with its port.' } },
      },
    },
  };
}

function channelsOf(
  stream: Pick<RouteDescription, 'path' | 'description'>,
  streamed: readonly Message[],
  queued: readonly Message[],
) {
  return {
    stream: {
      address: stream.path,
      title: 'The live stream',
      description: stream.description ?? '',
      servers: [{ $ref: '#/servers/api' }],
      messages: messageRefs(streamed),
    },
    queue: {
      address: `{prefix}:${EVENTS_QUEUE}`,
      title: 'The queue of events',
      description:
        'A BullMQ queue. A worker commits each event to PostgreSQL; until then the event is only as durable as Redis. Use the npm package `@tidings/events` to add jobs.',
      servers: [{ $ref: '#/servers/redis' }],
      parameters: { prefix: { default: DEFAULT_PREFIX, description: 'The prefix of every key in Redis (`REDIS_PREFIX`).' } },
      messages: messageRefs(queued),
    },
  };
}

function operationsOf(stream: Pick<RouteDescription, 'query'>) {
  return {
    followEvents: {
      action: 'send',
      channel: { $ref: `${CHANNELS}/stream` },
      summary: 'Sends the events that the caller may see as Server-Sent Events, in the order of the event log.',
      description:
        'The headers of a message are the SSE fields `id` and `event`; its payload is the field `data`. Lines that begin with a colon are heartbeats.',
      bindings: { http: { method: 'GET', query: querySchema(stream), bindingVersion: '0.3.0' } },
    },
    ingestEvents: {
      action: 'receive',
      channel: { $ref: `${CHANNELS}/queue` },
      summary: 'Receives an event from the queue, validates it against the catalog, and commits it.',
    },
  };
}

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  ticket: {
    type: 'httpApiKey',
    in: 'query',
    name: 'ticket',
    description:
      'A single-use ticket from `POST /api/events/stream/ticket`, for the EventSource of a browser, which cannot send a token.',
  },
};

function messageRefs(messages: readonly Message[]) {
  return Object.fromEntries(messages.map(({ key }) => [key, { $ref: `#/components/messages/${key}` }]));
}

const schemeRef = (name: string) => ({ $ref: `#/components/securitySchemes/${name}` });

function querySchema({ query }: Pick<RouteDescription, 'query'>) {
  return query === undefined ? { type: 'object' } : draft07(query, 'input');
}
