import { z } from 'zod';
import { LOGGED_EVENT_ID } from '@tidings/events';
import { SCHEMAS } from './contract-components.js';
import { describeVersion, type DescribedType } from './described-types.js';
import type { ComponentNames } from './component-names.js';
import type { JsonSchema } from './normalize-schema.js';

/**
 * The headers of a signed request
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 */
export const webhookHeaders = z.strictObject({
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

/** The component of the body of a request to a webhook. */
export const WEBHOOK_EVENT = 'WebhookEvent';

/** The operation of the callback, which is that of any event. */
export const RECEIVE_EVENT = 'receiveEvent';

/** The schema of the body that a receiver gets for an event of the version. */
export function receivedEvent(version: DescribedType, { data }: ComponentNames): JsonSchema {
  return {
    type: 'object',
    properties: {
      type: { type: 'string', enum: [version.type] },
      timestamp: {
        type: 'string',
        format: 'date-time',
        description: 'The time of the event, in UTC. The same on every attempt, like the whole body.',
      },
      data: { $ref: SCHEMAS + data },
    },
    required: ['type', 'timestamp', 'data'],
    description: describeVersion(version),
    ...(version.deprecatedAt !== null && { deprecated: true }),
  };
}

/**
 * Describes the request that a receiver gets for any event, as a callback of the registration. Generators that leave out what no
 * route mentions keep the schemas of the webhooks by it.
 */
export function eventCallback() {
  return {
    operationId: RECEIVE_EVENT,
    summary: 'An event, as the webhooks of this document describe it',
    security: [],
    requestBody: { required: true, content: { 'application/json': { schema: { $ref: SCHEMAS + WEBHOOK_EVENT } } } },
    responses: { '2XX': RESPONSES['2XX'] },
  };
}

/**
 * Describes, as an OpenAPI operation, the request that a receiver gets for an event of the version, and the responses to it.
 *
 * @param headers the parameters of every request
 */
export function webhookOperation(version: DescribedType, names: ComponentNames, headers: readonly object[]) {
  const { type, title, deprecatedAt, examples } = version;
  const description = describeVersion(version);
  return {
    operationId: names.operationId,
    summary: title ?? description,
    ...(title !== null && { description }),
    ...(deprecatedAt !== null && { deprecated: true }),
    security: [],
    parameters: [...headers, versionHeader(version)],
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: { $ref: SCHEMAS + names.event },
          ...(examples.length > 0 && { example: { type, timestamp: '2026-11-24T10:00:00.000Z', data: examples[0] } }),
        },
      },
    },
    responses: RESPONSES,
  };
}

function versionHeader({ version }: DescribedType) {
  const description = 'The version of the event type.';
  return {
    name: 'webhook-event-version',
    in: 'header',
    required: true,
    description,
    schema: { type: 'string', description, enum: [String(version)] },
  };
}
