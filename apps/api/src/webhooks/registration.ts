import { z } from 'zod';
import { changeOf } from '../http/change-of.js';
import { countItems, MAX_ITEMS } from '../http/count-items.js';
import { PATTERN, type KnownTypes } from '../events/types-parameter.js';
import { checkUrl, isReservedHeader, type UrlRules } from '@tidings/egress';
import { isPattern } from '@tidings/events';
import { longestSpanMs, MAX_ATTEMPTS, policyOf, RETRY_SCHEDULE_NAMES, type RetryPolicy } from '@tidings/config';

const MAX_HEADERS = 20;
/** The maximum size of all headers together. Servers refuse requests whose headers exceed 8 or 16 KB. */
const MAX_HEADER_BYTES = 4096;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
/** Visible ASCII and inner spaces. Line breaks would allow header injection. Its length is checked apart: Go repeats up to 1,000 times. */
const HEADER_VALUE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;
const HEADER_VALUE_RULE = 'must be 1 to 1024 visible ASCII characters';
function sizeOf(headers: Record<string, string>): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length + ': \r\n'.length, 0);
}

function hasUniqueNames(headers: Record<string, string>): boolean {
  const names = Object.keys(headers);
  return new Set(names.map((name) => name.toLowerCase())).size === names.length;
}

const wholeNumber = (min: number, max: number, unit = '') => {
  const message = `must be a whole number from ${String(min)} to ${String(max)}${unit}`;
  return z.int(message).min(min, message).max(max, message);
};

const DAY_MS = 86_400_000;

/** The fields that a schedule fixes. */
const VALUES = ['max_attempts', 'initial_delay_ms', 'max_delay_ms'];

/**
 * Creates the schema of `retry`: the values that differ from the server's policy, or the name of a schedule. The attempts of a
 * delivery must end before its event is dropped.
 */
function retrySchema(defaults: RetryPolicy, retentionDays: number) {
  return z
    .strictObject(
      {
        schedule: z.enum(RETRY_SCHEDULE_NAMES, `must be ${RETRY_SCHEDULE_NAMES.map((name) => `"${name}"`).join(' or ')}`),
        max_attempts: wholeNumber(1, MAX_ATTEMPTS),
        initial_delay_ms: wholeNumber(100, 3_600_000),
        max_delay_ms: wholeNumber(1000, 86_400_000),
      },
      'must be an object, or null for the policy of the server',
    )
    .partial()
    .superRefine(({ schedule, ...values }, context) => {
      const refuse = (field: string, message: string) => {
        context.addIssue({ code: 'custom', path: [field], message });
      };
      const { initial_delay_ms: initial = 0, max_delay_ms: max = Infinity } = values;
      if (initial > max) refuse('initial_delay_ms', 'must not be more than max_delay_ms');
      for (const [field, value] of Object.entries(values)) {
        const fixes = field === 'max_attempts' ? 'the number of attempts' : 'the waits';
        if (schedule !== undefined && value !== undefined)
          refuse(field, `must be left out beside schedule, which fixes ${fixes}`);
      }
      const policy = policyOf(defaults, {
        maxAttempts: values.max_attempts ?? null,
        initialDelayMs: values.initial_delay_ms ?? null,
        maxDelayMs: values.max_delay_ms ?? null,
        schedule: schedule ?? null,
      });
      const days = Math.ceil(longestSpanMs(policy) / DAY_MS);
      if (days <= retentionDays) return;
      const field = schedule === undefined ? 'max_attempts' : 'schedule';
      const kept = retentionDays === 1 ? '1 day' : `${String(retentionDays)} days`;
      refuse(field, `must end within the ${kept} that events are kept; its attempts take up to ${String(days)} days`);
    })
    .meta({
      id: 'RetryPolicy',
      description: "The values that differ from the server's retry policy, or the name of a schedule.",
      not: { required: ['schedule'], anyOf: VALUES.map((value) => ({ required: [value] })) },
    });
}

interface RegistrationRules {
  urlRules: UrlRules;
  /** The maximum of `max_in_flight` that an owner may set: a slow receiver occupies that many slots of a worker. */
  maxInFlight: number;
  eventTypes: KnownTypes;
  /** The server's retry policy, for webhooks without values of their own. */
  retry: RetryPolicy;
  /** How long events are kept, in days. */
  retentionDays: number;
}

/** Creates the schemas of the bodies of `POST /api/webhooks` (`create`) and `PATCH /api/webhooks/{id}` (`change`). */
export function registrationSchemas({ urlRules, eventTypes, maxInFlight, ...server }: RegistrationRules) {
  const url = z
    .string()
    .superRefine((text, context) => {
      const problem = checkUrl(text, urlRules);
      if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    })
    .meta({ format: 'uri' });
  const eventType = z
    .string()
    .superRefine((text, context) => {
      if (!isPattern(text) || !eventTypes.current.knows(text)) {
        context.addIssue({
          code: 'custom',
          message: `must be "*", an event type, its prefix and ".*", or a type with "@" and one of its versions; the event types are ${eventTypes.current.someNames}`,
        });
      }
    })
    .meta(PATTERN);
  const fields = {
    url,
    event_types: z.preprocess(
      countItems('types'),
      z.array(eventType).min(1, 'must hold at least one type; leave it out for all').max(MAX_ITEMS),
    ),
    description: z
      .string()
      .max(500)
      .refine((text) => !text.includes('\0'), 'must not hold NUL characters')
      .meta({ pattern: String.raw`^[^\x00]*$` })
      .nullable(),
    headers: z.preprocess(
      countItems('headers', MAX_HEADERS),
      z
        .record(
          z
            .string()
            .regex(HEADER_NAME, 'must be a header name')
            .refine((name) => !isReservedHeader(name), 'is reserved: Tidings or a proxy sets it'),
          z.string().max(1024, { error: HEADER_VALUE_RULE, abort: true }).regex(HEADER_VALUE, HEADER_VALUE_RULE),
        )
        .meta({ maxProperties: MAX_HEADERS })
        .refine((headers) => sizeOf(headers) <= MAX_HEADER_BYTES, `must be at most ${String(MAX_HEADER_BYTES)} bytes in total`)
        .refine(hasUniqueNames, 'must not hold the same name twice; names are case-insensitive'),
    ),
    enabled: z.boolean(),
    paused: z.boolean(),
    max_in_flight: wholeNumber(1, maxInFlight),
    rate_limit: wholeNumber(1, 10_000, ' requests per second, or null for no limit').nullable(),
    ordering: z.enum(['unordered', 'fifo'], 'must be unordered or fifo').meta({ id: 'Ordering' }),
    retry: retrySchema(server.retry, server.retentionDays).nullable(),
  };
  return {
    create: z
      .strictObject({
        url,
        event_types: fields.event_types.default(['*']),
        description: fields.description.default(null),
        headers: fields.headers.default({}),
        enabled: fields.enabled.default(true),
        paused: fields.paused.default(false),
        max_in_flight: fields.max_in_flight.default(Math.min(10, maxInFlight)),
        rate_limit: fields.rate_limit.default(null),
        ordering: fields.ordering.default('unordered'),
        retry: fields.retry.default(null),
      })
      .meta({ id: 'NewWebhook' }),
    change: changeOf(fields, 'WebhookChange'),
  };
}

/** A validated body of `POST /api/webhooks`. */
export type Registration = z.output<ReturnType<typeof registrationSchemas>['create']>;
/** A validated body of `PATCH /api/webhooks/{id}`. */
export type RegistrationChange = z.output<ReturnType<typeof registrationSchemas>['change']>;
