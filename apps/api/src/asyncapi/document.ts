import { z } from 'zod';
import { DEFAULT_PREFIX, eventJob, EVENTS_QUEUE, type Catalog } from '@tidings/events';
import { normalizeSchema } from '../openapi/normalize-schema.js';
import type { RouteDescription } from '../openapi/route.js';
import { notices } from '../stream/notices.js';

/** The part of the catalog that the document describes: all event types, and those that the stream sends. */
export type StreamedCatalog = Pick<Catalog, 'describe' | 'describeStreamed'>;

type JsonSchema = Record<string, unknown>;

const CHANNELS = '#/channels';

/**
 * Creates the AsyncAPI 3.0 document. It describes what OpenAPI cannot: the messages of the stream, and the jobs of the Redis
 * queue with which services publish events without the API.
 *
 * @param stream the route of the stream
 * @param basePath the path of the server; default: none
 * @see https://www.asyncapi.com/docs/reference/specification/v3.0.0
 */
export function asyncApiDocument(
  stream: Pick<RouteDescription, 'path' | 'description' | 'query'>,
  catalog: StreamedCatalog,
  basePath = '',
) {
  const streamed = streamMessages(catalog);
  const queued = queueMessages(catalog);
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
    channels: {
      stream: {
        address: stream.path,
        title: 'The live stream',
        description: stream.description ?? '',
        servers: [{ $ref: '#/servers/api' }],
        messages: messageRefs(Object.keys(streamed)),
      },
      queue: {
        address: `{prefix}:${EVENTS_QUEUE}`,
        title: 'The queue of events',
        description:
          'A BullMQ queue. A worker commits each event to PostgreSQL; until then the event is only as durable as Redis. Use the npm package `@tidings/events` to add jobs.',
        servers: [{ $ref: '#/servers/redis' }],
        parameters: { prefix: { default: DEFAULT_PREFIX, description: 'The prefix of every key in Redis (`REDIS_PREFIX`).' } },
        messages: messageRefs(Object.keys(queued)),
      },
    },
    operations: {
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
    },
    components: {
      messages: { ...streamed, ...queued },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        ticket: {
          type: 'httpApiKey',
          in: 'query',
          name: 'ticket',
          description:
            'A single-use ticket from `POST /api/events/stream/ticket`, for the EventSource of a browser, which cannot send a token.',
        },
      },
    },
  };
}

interface Message {
  name: string;
  title: string;
  summary: string;
  headers?: JsonSchema;
  payload: JsonSchema;
  examples: object[];
}

/** The messages of the stream by `event`: each streamed type of the catalog, and the stream's own notices. */
function streamMessages(catalog: StreamedCatalog): Record<string, Message> {
  const eventMessages = catalog.describeStreamed('draft-07').map(({ type, description, schema, example }) =>
    message(type, description, {
      headers: sseFields(type, ['id', 'event']),
      payload: normalizeSchema(withoutDialect(schema), 'output'),
      examples: [{ headers: { id: 'evt_01938c4e-5c3a-7e6b-9f00-3d2f1a0b4c5d', event: type }, payload: example }],
    }),
  );
  const noticeMessages = Object.entries(notices).map(([type, { description, schema, example }]) =>
    message(type, description, {
      headers: sseFields(type, type === 'stream.open' ? ['id', 'event'] : ['event']),
      payload: normalizeSchema(draft07(schema), 'output'),
      examples: [{ headers: { ...(type === 'stream.open' ? { id: '@start' } : {}), event: type }, payload: example }],
    }),
  );
  return Object.fromEntries([...eventMessages, ...noticeMessages]);
}

/** The jobs of the queue by message name, one for each type of the catalog. */
function queueMessages(catalog: StreamedCatalog): Record<string, Message> {
  return Object.fromEntries(
    catalog.describe().map(({ type, description, example }) => {
      const job = { id: 'sync-4711', type, timestamp: '2026-11-24T10:00:00.000Z', data: JSON.stringify(example) };
      return message(`queued.${type}`, description, {
        payload: draft07(eventJob.extend({ type: z.literal(type) })),
        examples: [{ payload: job }],
      });
    }),
  );
}

function message(name: string, summary: string, rest: Pick<Message, 'headers' | 'payload' | 'examples'>): [string, Message] {
  return [name, { name, title: name, summary, ...rest }];
}

/** The schema of the SSE fields of a message, except for `data`. */
function sseFields(type: string, required: string[]): JsonSchema {
  const fields = { id: { type: 'string', description: 'The event id to resume from: `Last-Event-ID`.' }, event: { const: type } };
  const properties = Object.fromEntries(Object.entries(fields).filter(([name]) => required.includes(name)));
  return { type: 'object', required, properties, additionalProperties: false };
}

function messageRefs(names: readonly string[]) {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }]));
}

const schemeRef = (name: string) => ({ $ref: `#/components/securitySchemes/${name}` });

function querySchema({ query = z.object() }: Pick<RouteDescription, 'query'>): JsonSchema {
  return draft07(query, 'input');
}

function draft07(schema: z.ZodType, io: 'input' | 'output' = 'output'): JsonSchema {
  return withoutDialect(z.toJSONSchema(schema, { target: 'draft-07', io, unrepresentable: 'any' }));
}

function withoutDialect({ $schema: _dialect, ...schema }: JsonSchema): JsonSchema {
  return schema;
}
