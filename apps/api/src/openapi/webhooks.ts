import { z } from 'zod';
import { EVENT_ID, type EventTypeDescription } from '@tidings/events';
import type { JsonSchema, jsonSchemas } from './json-schemas.js';

type Schemas = Pick<ReturnType<typeof jsonSchemas>, 'output'>;

/** What signs a request (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). */
const headers = z.strictObject({
  'webhook-id': z
    .string()
    .regex(EVENT_ID)
    .describe('The id of the event: the same on every attempt. Answer 2xx to one that you have already.'),
  'webhook-timestamp': z
    .string()
    .regex(/^\d+$/)
    .describe('When this attempt was made, in Unix seconds. Refuse what is more than five minutes from your clock.'),
  'webhook-signature': z
    .string()
    .regex(/^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$/)
    .describe(
      '`v1,` and the base64 of the HMAC-SHA256 of "webhook-id.webhook-timestamp.body"; one for each valid secret, with spaces between. Accept the request if any fits.',
    ),
});

/** What a receiver may answer, and what Tidings makes of it: `apps/worker/src/deliver/outcome.ts` decides it. */
const retryAfter = {
  'Retry-After': {
    description: 'Seconds, or a date: the next attempt comes then, a day later at most.',
    schema: { type: 'string' },
  },
};
const ANSWERS = {
  '2XX': { description: 'It arrived: the delivery has succeeded. The body is not needed; its first 4 KB are in the log.' },
  '410': { description: 'The end: the delivery has failed, the webhook is disabled, and nothing more is sent to it.' },
  '429': { description: 'Too much: tried again when `Retry-After` says, or with the usual backoff.', headers: retryAfter },
  '503': { description: 'Not now: tried again when `Retry-After` says, or with the usual backoff.', headers: retryAfter },
  default: {
    description:
      'Anything else, a redirect among it, and no complete response in time: tried again with exponential backoff, until the attempts are used up.',
  },
};

/** A webhook's request parameters as OpenAPI has them. */
type Parameters = (schema: JsonSchema, where: 'header') => object[];

/** The request that a receiver gets for an event of the type, and what it may answer. */
export function webhookOperation(
  { type, description, schema, example }: EventTypeDescription,
  { schemas, parameters }: { schemas: Schemas; parameters: Parameters },
) {
  const { $schema: _dialect, ...data } = schema;
  const envelope = z.strictObject({
    type: z.literal(type),
    timestamp: z.iso.datetime().describe('When it happened, in UTC. The same on every attempt, as the whole body is.'),
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
    responses: ANSWERS,
  };
}
