import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseCertificates, parseNetworks } from '@tidings/egress';
import { DEFAULT_PREFIX, parseRedisUrl } from '@tidings/events';
import { DEFAULT_RETRY_POLICY, MAX_ATTEMPTS } from './retry-defaults.js';
import { parseSealKeys } from '@tidings/secrets';
import { tracingConfig, tracingSettings } from './tracing-settings.js';

/** A setting that is a whole number from `min` to `max`, with the default `initial`. */
export function wholeNumber({ initial, min, max }: { initial: number; min: number; max: number }) {
  const message = `must be a whole number from ${String(min)} to ${String(max)}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message)
    .default(initial);
}

/** A setting that is `true` or `false`, with the default `initial`. */
export function flag(initial: boolean) {
  return z
    .enum(['true', 'false'], 'must be true or false')
    .transform((value) => value === 'true')
    .default(initial);
}

/** A setting that `parse` reads. The message of the error that it throws becomes the mistake. */
export function parsed<Value>(parse: (text: string) => Value) {
  return z.string('must be set').transform((text, context): Value => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: `is wrong: ${(error as Error).message}` });
      return z.NEVER;
    }
  });
}

const url = (protocol: RegExp, message: string) => z.url({ protocol, hostname: /.*/, error: message });

/** Validates a `REDIS_URL`. Returns the text, which is parsed again to connect. */
function redisUrl(text: string): string {
  parseRedisUrl(text);
  return text;
}

/** The settings of both the API and the worker. Durations are in milliseconds. */
export const sharedSettings = {
  NODE_ENV: z.enum(['development', 'test', 'production'], 'must be development, test or production').default('development'),
  DATABASE_URL: url(/^postgres(ql)?$/, 'must be a PostgreSQL URL: postgresql://user:password@host:5432/database'),
  DATABASE_POOL: wholeNumber({ initial: 10, min: 2, max: 1000 }),
  REDIS_URL: parsed(redisUrl),
  REDIS_PREFIX: z
    .string()
    .regex(
      /^\{[A-Za-z0-9_-]{1,64}\}$/,
      'must be a name in braces, such as {tidings}: the braces keep its keys on one node of a Redis Cluster',
    )
    .default(DEFAULT_PREFIX),
  SECRETS_KEYS: parsed(parseSealKeys),
  EGRESS_ALLOW_CIDRS: parsed(parseNetworks).default([]),
  EGRESS_DENY_CIDRS: parsed(parseNetworks).default([]),
  DELIVERY_ATTEMPTS: wholeNumber({ initial: DEFAULT_RETRY_POLICY.maxAttempts, min: 1, max: MAX_ATTEMPTS }),
  DELIVERY_INITIAL_DELAY_MS: wholeNumber({ initial: DEFAULT_RETRY_POLICY.initialDelayMs, min: 1, max: 86_400_000 }),
  DELIVERY_MAX_DELAY_MS: wholeNumber({ initial: DEFAULT_RETRY_POLICY.maxDelayMs, min: 1, max: 604_800_000 }),
  RETENTION_DAYS: wholeNumber({ initial: 30, min: 1, max: 3650 }),
  DELIVERY_JITTER: z.coerce
    .number('must be a number from 0 to 1')
    .min(0, 'must be a number from 0 to 1')
    .max(1, 'must be a number from 0 to 1')
    .default(DEFAULT_RETRY_POLICY.jitter),
  HEALTH_PORT: wholeNumber({ initial: 0, min: 0, max: 65_535 }),
  LOG_LEVEL: z.enum(['error', 'warn', 'info', 'debug'], 'must be error, warn, info or debug').default('info'),
  LOG_FORMAT: z.enum(['json', 'pretty'], 'must be json or pretty').optional(),
  ...tracingSettings,
};

/** The settings of the worker's requests to receivers. */
export const egressSettings = {
  EGRESS_PROXY: z
    .url({ protocol: /^https?$/, hostname: /.*/, error: 'must be the URL of an HTTP proxy: http://user:password@host:3128' })
    .transform((text) => new URL(text))
    .optional(),
  EGRESS_CA_FILE: parsed((path) => parseCertificates(readFileSync(path, 'utf8'))).optional(),
};

/** Returns the shared settings under the names that the code uses. */
export function sharedConfig(settings: z.output<z.ZodObject<typeof sharedSettings>>) {
  return {
    databaseUrl: settings.DATABASE_URL,
    databasePool: settings.DATABASE_POOL,
    redisUrl: settings.REDIS_URL,
    prefix: settings.REDIS_PREFIX,
    sealKeys: settings.SECRETS_KEYS,
    addresses: { allowed: settings.EGRESS_ALLOW_CIDRS, denied: settings.EGRESS_DENY_CIDRS },
    retry: {
      maxAttempts: settings.DELIVERY_ATTEMPTS,
      initialDelayMs: settings.DELIVERY_INITIAL_DELAY_MS,
      maxDelayMs: settings.DELIVERY_MAX_DELAY_MS,
      jitter: settings.DELIVERY_JITTER,
    },
    retentionDays: settings.RETENTION_DAYS,
    /** Null: no health server. */
    healthPort: settings.HEALTH_PORT === 0 ? null : settings.HEALTH_PORT,
    logLevel: settings.LOG_LEVEL,
    logFormat: settings.LOG_FORMAT,
    /** Null: no traces. */
    tracing: tracingConfig(settings),
  };
}
