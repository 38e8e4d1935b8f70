import { z } from 'zod';
import { LOGGED_EVENT_ID, type EventTypeDescription } from '@tidings/events';
import type { jsonSchemas } from './json-schemas.js';
import type { JsonSchema } from './normalize-schema.js';

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
    description: 'Seconds, or a date: the webhook is sent nothing until then, but for at most an hour.',
    schema: { type: 'string' },
  },
};
/** The responses of a receiver, and their effects, which `apps/worker/src/deliver/outcome.ts` decides. */
const RESPONSES = {
  '2XX': { description: 'The delivery succeeded. The body is not needed; its first 4 KB are kept in the delivery log.' },
  '410': { description: 'The receiver is gone: the delivery fails, and the webhook is disabled.' },
  '429': {
    description:
      'Too many requests: the webhook is held until the time in `Retry-After`, at most an hour; without it, for one second to five minutes. No attempt is used up in the first 24 hours.',
    headers: retryAfter,
  },
  '503': {
    description: 'Not available: with `Retry-After`, like a 429. Without it, like any other response.',
    headers: retryAfter,
  },
  default: {
    description:
      'Any other response, also a redirect, or no complete response in time: Tidings retries with exponential backoff until the attempts are used up.',
  },
};

/** Converts the properties of an object schema to OpenAPI parameters. */
type Parameters = (schema: JsonSchema, where: 'header') => object[];

/** The name of an event type in generated clients: `SyncCompleted`. */
export function pascalCase(type: string): string {
  return type.replaceAll(/(?:^|[._-])(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

/** The schema of an event type's `data`, as the component `SyncCompletedData`. */
export function payloadOf({ type, schema: { $schema: _dialect, ...data } }: EventTypeDescription): z.ZodType {
  return z.custom<unknown>().meta({ ...data, id: `${pascalCase(type)}Data` });
}

/** The schema of the body that a receiver gets for an event of the type, as the component `SyncCompletedEvent`. */
function envelopeOf(eventType: EventTypeDescription) {
  const { type, description } = eventType;
  return z
    .object({
      type: z.literal(type),
      timestamp: z.iso.datetime().describe('The time of the event, in UTC. The same on every attempt, like the whole body.'),
      data: payloadOf(eventType),
    })
    .meta({ id: `${pascalCase(type)}Event`, description });
}

/**
 * Describes the request that a receiver gets for any event, as a callback of the registration. Generators that leave out what no
 * route mentions keep the schemas of the webhooks by it.
 */
export function eventCallback(eventTypes: readonly EventTypeDescription[], schemas: Schemas) {
  const mapping = eventTypes.map(({ type }) => [type, `#/components/schemas/${pascalCase(type)}Event`] as const);
  const event = z.union(eventTypes.map(envelopeOf)).meta({
    id: 'WebhookEvent',
    description: 'The body of a request to a webhook.',
    discriminator: { propertyName: 'type', mapping: Object.fromEntries(mapping) },
  });
  return {
    operationId: 'receiveEvent',
    summary: 'An event, as the webhooks of this document describe it',
    security: [],
    requestBody: { required: true, content: { 'application/json': { schema: schemas.output(event) } } },
    responses: { '2XX': RESPONSES['2XX'] },
  };
}

/** Describes, as an OpenAPI operation, the request that a receiver gets for an event of the type, and the responses to it. */
export function webhookOperation(
  eventType: EventTypeDescription,
  { schemas, parameters }: { schemas: Schemas; parameters: Parameters },
) {
  const { type, description, example } = eventType;
  return {
    operationId: `receive${pascalCase(type)}`,
    summary: description,
    security: [],
    parameters: parameters(schemas.output(headers), 'header'),
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: schemas.output(envelopeOf(eventType)),
          example: { type, timestamp: '2026-11-24T10:00:00.000Z', data: example },
        },
      },
    },
    responses: RESPONSES,
  };
}
