import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { checkDatabaseUrl } from '@tidings/database/url';
import { parseCertificates, parseNetworks } from '@tidings/egress';
import { DEFAULT_PREFIX, parseRedisUrl, unencodedCredentials } from '@tidings/events';
import { range } from './describe-settings.js';
import { group } from './group.js';
import { ConfigError } from './config-error.js';
import {
  DEFAULT_RETRY_POLICY,
  longestSpanMs,
  MAX_ATTEMPTS,
  policyOf,
  RETRY_SCHEDULE_NAMES,
  type RetryPolicy,
} from './retry-policy.js';
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
    .default(initial)
    .meta({ values: range(min, max) });
}

/** A setting that is `true` or `false`, with the default `initial`. */
export function flag(initial: boolean) {
  return z
    .enum(['true', 'false'], 'must be true or false')
    .transform((value) => value === 'true')
    .default(initial);
}

/**
 * A setting that `parse` reads. The message of the error that it throws becomes the mistake.
 *
 * @param values the allowed values in words, for docs/configuration.md
 */
export function parsed<Value>(values: string, parse: (text: string) => Value) {
  return z
    .string('must be set')
    .transform((text, context): Value => {
      try {
        return parse(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: `is wrong: ${(error as Error).message}` });
        return z.NEVER;
      }
    })
    .meta({ values });
}

const NETWORKS = 'networks such as `10.20.0.0/16`, comma-separated';

/** A setting that is a URL with this protocol. Of credentials that are not percent-encoded the mistake says so, without them. */
function url(protocol: RegExp, message: string) {
  const isUrl = z.url({ protocol, hostname: /.*/ });
  return z
    .string(message)
    .superRefine((text, context) => {
      const mistake = unencodedCredentials(text);
      if (mistake !== undefined) context.addIssue({ code: 'custom', message: `is wrong: ${mistake}` });
      else if (!isUrl.safeParse(text).success) context.addIssue({ code: 'custom', message });
    })
    .meta({ values: 'URL' });
}

/** A PostgreSQL URL. The mistake names a wrong parameter, and no value. */
const databaseUrl = z
  .string('must be a PostgreSQL URL: postgresql://user:password@host:5432/database')
  .transform((text, context) => {
    const mistake = unencodedCredentials(text);
    if (mistake !== undefined) {
      context.addIssue({ code: 'custom', message: `is wrong: ${mistake}` });
      return z.NEVER;
    }
    try {
      return checkDatabaseUrl(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  })
  .meta({ values: 'PostgreSQL URL' });

/** Validates a `REDIS_URL`. Returns the text, which is parsed again to connect. */
function redisUrl(text: string): string {
  parseRedisUrl(text);
  return text;
}

/** The settings of both the API and the worker. Durations are in milliseconds. */
export const sharedSettings = {
  ...group('Basics', {
    DATABASE_URL: databaseUrl.describe(
      'PostgreSQL: `postgresql://user:password@host:5432/database`, with the [parameters of the deployment page](deploying.md#the-url-of-the-database), such as `?schema=` and `?sslmode=`. The API and the workers need the same database.',
    ),
    DATABASE_POOLER: z
      .enum(['none', 'transaction'], 'must be none or transaction')
      .default('none')
      .describe(
        '`transaction`: a pooler in transaction mode, such as PgBouncer, is between Tidings and PostgreSQL. Each transaction then sets what a session would keep. Without it, a process ends at start when it finds such a pooler. The migrations read it as well.',
      ),
    DATABASE_POOL: wholeNumber({ initial: 10, min: 3, max: 1000 }).describe(
      "Connections to PostgreSQL of each process. Three pools share them: accepting, reading and administration in the API; delivering, accepting and periodic tasks in a worker. Statements beyond a pool's share wait for a free connection of the pool; PostgreSQL's `max_connections` must allow for the sum over all processes.",
    ),
    REDIS_URL: parsed('URL, or URLs of a cluster, comma-separated', redisUrl).describe(
      'Redis: `redis://user:password@host:6379/0`, or `rediss:` for TLS. Of a Redis Cluster, some of its nodes. With Sentinels: `redis+sentinel://user:password@host1:26379,host2:26379/mymaster/0`. Characters of a password such as `%`, `/`, `#`, `?` and `@` must be percent-encoded. The API and the workers need the same Redis.',
    ),
    REDIS_PREFIX: z
      .string()
      .regex(
        /^\{[A-Za-z0-9_-]{1,64}\}$/,
        'must be a name in braces, such as {tidings}: the braces keep its keys on one node of a Redis Cluster',
      )
      .default(DEFAULT_PREFIX)
      .meta({ values: 'name in braces: 1 to 64 letters, digits, `_` and `-`' })
      .describe(
        'The prefix of every key and channel in Redis, so that several installations can share one Redis. The API, the workers and services that publish with the package need the same prefix.',
      ),
    SECRETS_KEYS: parsed('keys as `id:base64key`, 32 bytes each, comma-separated', parseSealKeys).describe(
      'The keys that encrypt webhook secrets and custom headers. The first key seals, and all of them open. The first key must be random, and no two keys may have the same id.',
    ),
    EVENT_TYPES: z
      .string()
      .optional()
      .meta({ values: 'path of a module, a JSON file or a folder' })
      .describe(
        '[Event types](event-types.md#three-ways-to-write-types) that are written at each start: a module of JavaScript that exports results of `defineEvent` or catalogs of them, a JSON file, or a folder of JSON files. The path is relative to the working folder. What would break publishers or receivers is logged and not written ([rollbacks](event-types.md#a-rollback-of-event_types)). Unset: nothing is written, but a new installation gets the types that Tidings ships.',
      ),
    RETENTION_DAYS: wholeNumber({ initial: 30, min: 1, max: 3650 }).describe(
      'The time that events, deliveries and attempts are kept, in days. They are then dropped partition by partition, up to an eighth of that time and a day later. The API and the workers need the same value.',
    ),
    AUDIT_RETENTION_DAYS: wholeNumber({ initial: 365, min: 1, max: 36_500 }).describe(
      'The time that entries of the audit log are kept, in days. The API and the workers need the same value.',
    ),
    NODE_ENV: z
      .enum(['development', 'test', 'production'], 'must be development, test or production')
      .default('development')
      .describe(
        'The kind of environment. With `production`, `tidings token` signs tokens only when asked to with `--production`. The images set `production`.',
      ),
  }),
  ...group('HTTP server', {
    HOST: z
      .string()
      .default('::')
      .meta({ values: 'address or host name' })
      .describe(
        'The address that the API listens on, and the default of `HEALTH_HOST`. `::`: all addresses, of IPv4 and of IPv6 where the machine has it. `0.0.0.0`: all addresses of IPv4.',
      ),
  }),
  ...group('Delivery', {
    DELIVERY_SCHEDULE: z
      .enum(RETRY_SCHEDULE_NAMES, `must be ${RETRY_SCHEDULE_NAMES.join(' or ')}`)
      .optional()
      .describe(
        "The schedule of attempts, which takes precedence over `DELIVERY_ATTEMPTS` and the waits below. `standard-webhooks`: ten attempts, the first at once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, each wait up to a tenth longer, in three to four days. `RETENTION_DAYS` must be longer. A webhook's `retry` may set something else. The API and the workers need the same value.",
      ),
    DELIVERY_ATTEMPTS: wholeNumber({ initial: DEFAULT_RETRY_POLICY.maxAttempts, min: 1, max: MAX_ATTEMPTS }).describe(
      "Attempts of a delivery in total. After the last one the delivery is `failed`. A webhook's `retry` may set another number.",
    ),
    DELIVERY_INITIAL_DELAY_MS: wholeNumber({ initial: DEFAULT_RETRY_POLICY.initialDelayMs, min: 1, max: 86_400_000 }).describe(
      'The longest wait before the second attempt, in milliseconds. It doubles with each further attempt, up to `DELIVERY_MAX_DELAY_MS`.',
    ),
    DELIVERY_MAX_DELAY_MS: wholeNumber({ initial: DEFAULT_RETRY_POLICY.maxDelayMs, min: 1, max: 604_800_000 }).describe(
      'The longest wait between two attempts, in milliseconds.',
    ),
    DELIVERY_JITTER: z.coerce
      .number('must be a number from 0 to 1')
      .min(0, 'must be a number from 0 to 1')
      .max(1, 'must be a number from 0 to 1')
      .default(DEFAULT_RETRY_POLICY.jitter)
      .describe(
        'The random part of each wait between attempts. With 0 each wait has its full length; with 1 it is anything between zero and its full length.',
      ),
  }),
  ...group('Egress', {
    EGRESS_ALLOW_CIDRS: parsed(NETWORKS, parseNetworks)
      .default([])
      .describe(
        "Networks that webhooks may reach although they are not public. They are open for every owner's webhooks. The API and the workers need the same value.",
      ),
    EGRESS_DENY_CIDRS: parsed(NETWORKS, parseNetworks)
      .default([])
      .describe(
        'Networks that webhooks may not reach although they are public. It takes precedence over `EGRESS_ALLOW_CIDRS`. The API and the workers need the same value.',
      ),
    VERIFY_WEBHOOKS: z
      .enum(['off', 'public', 'on'], 'must be off, public or on')
      .default('off')
      .describe(
        'Whether a new webhook, or one with a new URL, gets no event before its receiver has answered a challenge. `public`: only if its host is neither an address in `EGRESS_ALLOW_CIDRS` nor a name that public DNS cannot have, such as `billing` or `billing.internal`. The API and the workers need the same value.',
      ),
    EGRESS_PROXY: url(/^https?$/, 'must be the URL of an HTTP proxy: http://user:password@host:3128')
      .transform((text) => new URL(text))
      .optional()
      .describe(
        'An HTTP proxy that webhook requests leave through: `http://user:password@host:3128`. The proxy must allow `CONNECT`. The workers use it; the API, which sends none of these requests, only reports to operators whether it is set.',
      ),
  }),
  ...group('Logging and monitoring', {
    LOG_LEVEL: z
      .enum(['error', 'warn', 'info', 'debug'], 'must be error, warn, info or debug')
      .default('info')
      .describe('The lowest level that is logged.'),
    LOG_FORMAT: z
      .enum(['json', 'pretty'], 'must be json or pretty')
      .optional()
      .describe('`json`: one object per line; `pretty`: text for people. Unset: `pretty` at a terminal, `json` elsewhere.'),
    HEALTH_HOST: z
      .string()
      .optional()
      .meta({ values: 'address or host name' })
      .describe('The address that a process listens on with `HEALTH_PORT`. Unset: the one of `HOST`.'),
    HEALTH_PORT: wholeNumber({ initial: 0, min: 0, max: 65_535 }).describe(
      'The port on which a process serves `/healthz`, `/readyz` and `/metrics`. 0: no such port; the public port of the API still serves `/healthz` and `/readyz`. The images set 3001.',
    ),
  }),
  ...tracingSettings,
};

/** The settings of the worker's requests to receivers that no other process reads. */
export const egressSettings = group('Egress', {
  EGRESS_CA_FILE: parsed('path of a PEM file', (path) => parseCertificates(readFileSync(path, 'utf8')))
    .optional()
    .describe('Certificates of authorities to trust in addition to those of Node. The file is read at start.'),
});

const DAY_MS = 86_400_000;

/** Returns the retry policy. Throws a `ConfigError` when events would be dropped before the last attempt. */
function retryConfig(settings: z.output<z.ZodObject<typeof sharedSettings>>): RetryPolicy {
  const retry: RetryPolicy = {
    maxAttempts: settings.DELIVERY_ATTEMPTS,
    initialDelayMs: settings.DELIVERY_INITIAL_DELAY_MS,
    maxDelayMs: settings.DELIVERY_MAX_DELAY_MS,
    jitter: settings.DELIVERY_JITTER,
    schedule: settings.DELIVERY_SCHEDULE ?? null,
  };
  const policy = policyOf(retry, { maxAttempts: null, initialDelayMs: null, maxDelayMs: null, schedule: null });
  const days = Math.ceil(longestSpanMs(policy) / DAY_MS);
  if (days <= settings.RETENTION_DAYS) return retry;
  const names = retry.schedule === null ? 'DELIVERY_ATTEMPTS and the waits between attempts' : 'DELIVERY_SCHEDULE';
  throw new ConfigError([
    `RETENTION_DAYS must be at least ${String(days)}: so long do the attempts of a delivery take by ${names}`,
  ]);
}

/** Returns the shared settings under the names that the code uses. */
export function sharedConfig(settings: z.output<z.ZodObject<typeof sharedSettings>>) {
  return {
    databaseUrl: settings.DATABASE_URL,
    databasePool: settings.DATABASE_POOL,
    databasePooler: settings.DATABASE_POOLER,
    redisUrl: settings.REDIS_URL,
    prefix: settings.REDIS_PREFIX,
    sealKeys: settings.SECRETS_KEYS,
    addresses: { allowed: settings.EGRESS_ALLOW_CIDRS, denied: settings.EGRESS_DENY_CIDRS },
    verifyWebhooks: settings.VERIFY_WEBHOOKS,
    proxy: settings.EGRESS_PROXY,
    retry: retryConfig(settings),
    retentionDays: settings.RETENTION_DAYS,
    auditRetentionDays: settings.AUDIT_RETENTION_DAYS,
    /** Undefined: the types that a new installation has. */
    eventTypes: settings.EVENT_TYPES,
    host: settings.HOST,
    /** Null: no health server. */
    healthServer: settings.HEALTH_PORT === 0 ? null : { host: settings.HEALTH_HOST ?? settings.HOST, port: settings.HEALTH_PORT },
    logLevel: settings.LOG_LEVEL,
    logFormat: settings.LOG_FORMAT,
    /** Null: no traces. */
    tracing: tracingConfig(settings),
  };
}
