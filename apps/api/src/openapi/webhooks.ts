import { z } from 'zod';
import { LOGGED_EVENT_ID, type EventTypeDescription } from '@tidings/events';
import type { JsonSchema, jsonSchemas } from './json-schemas.js';

type Schemas = Pick<ReturnType<typeof jsonSchemas>, 'output'>;

/**
 * The headers of a signed request
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 */
const headers = z.strictObject({
  'webhook-id': z
    .string()
    .regex(LOGGED_EVENT_ID)
    .describe('The id of the event, the same on every attempt. Answer 2xx to an id that you have already processed.'),
  'webhook-timestamp': z
    .string()
    .regex(/^\d+$/)
    .describe(
      'The time of this attempt, in Unix seconds. Refuse a request whose time differs by more than five minutes from your clock.',
    ),
  'webhook-signature': z
    .string()
    .regex(/^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$/)
    .describe(
      '`v1,` and the base64 of the HMAC-SHA256 of "webhook-id.webhook-timestamp.body"; one signature for each valid secret, separated by spaces. Accept the request if one of them matches.',
    ),
});

const retryAfter = {
  'Retry-After': {
    description: 'Seconds, or a date: the time of the next attempt, at most a day later.',
    schema: { type: 'string' },
  },
};
/** The responses of a receiver, and their effects, which `apps/worker/src/deliver/outcome.ts` decides. */
const RESPONSES = {
  '2XX': { description: 'The delivery succeeded. The body is not needed; its first 4 KB are kept in the delivery log.' },
  '410': { description: 'The receiver is gone: the delivery fails, and the webhook is disabled.' },
  '429': {
    description: 'Too many requests: Tidings retries at the time in `Retry-After`, or with the usual backoff.',
    headers: retryAfter,
  },
  '503': {
    description: 'Not available: Tidings retries at the time in `Retry-After`, or with the usual backoff.',
    headers: retryAfter,
  },
  default: {
    description:
      'Any other response, also a redirect, or no complete response in time: Tidings retries with exponential backoff until the attempts are used up.',
  },
};

/** Converts the properties of an object schema to OpenAPI parameters. */
type Parameters = (schema: JsonSchema, where: 'header') => object[];

/** Describes, as an OpenAPI operation, the request that a receiver gets for an event of the type, and the responses to it. */
export function webhookOperation(
  { type, description, schema, example }: EventTypeDescription,
  { schemas, parameters }: { schemas: Schemas; parameters: Parameters },
) {
  const { $schema: _dialect, ...data } = schema;
  const envelope = z.strictObject({
    type: z.literal(type),
    timestamp: z.iso.datetime().describe('The time of the event, in UTC. The same on every attempt, like the whole body.'),
    data: z.custom<unknown>().meta(data),
  });
  return {
    operationId: `webhook-${type}`.replaceAll(/[-._](\w)/g, (_match, letter: string) => letter.toUpperCase()),
    summary: description,
    security: [],
    parameters: parameters(schemas.output(headers), 'header'),
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: schemas.output(envelope),
          example: { type, timestamp: '2026-11-24T10:00:00.000Z', data: example },
        },
      },
    },
    responses: RESPONSES,
  };
}
