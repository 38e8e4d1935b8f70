import { readConfig, sharedSettings, wholeNumber } from '@tidings/config';

/** The worker's settings, from the environment. Throws a `ConfigError` that lists every mistake. */
export function readWorkerConfig(env: NodeJS.ProcessEnv) {
  const settings = readConfig(
    {
      ...sharedSettings,
      WORKER_CONCURRENCY: wholeNumber({ initial: 100, min: 1, max: 10_000 }),
      DELIVERY_TIMEOUT_MS: wholeNumber({ initial: 15_000, min: 100, max: 60_000 }),
      RECONCILE_INTERVAL_MS: wholeNumber({ initial: 5000, min: 100, max: 60_000 }),
      HEALTH_PORT: wholeNumber({ initial: 0, min: 0, max: 65_535 }),
    },
    env,
  );
  return {
    databaseUrl: settings.DATABASE_URL,
    databasePool: settings.DATABASE_POOL,
    redisUrl: settings.REDIS_URL,
    prefix: settings.REDIS_PREFIX,
    sealKeys: settings.SECRETS_KEYS,
    allowedNetworks: settings.EGRESS_ALLOW_CIDRS,
    retry: {
      maxAttempts: settings.DELIVERY_ATTEMPTS,
      initialDelayMs: settings.DELIVERY_INITIAL_DELAY_MS,
      maxDelayMs: settings.DELIVERY_MAX_DELAY_MS,
      jitter: settings.DELIVERY_JITTER,
    },
    concurrency: settings.WORKER_CONCURRENCY,
    timeoutMs: settings.DELIVERY_TIMEOUT_MS,
    reconcileIntervalMs: settings.RECONCILE_INTERVAL_MS,
    /** Null: no health server. */
    healthPort: settings.HEALTH_PORT === 0 ? null : settings.HEALTH_PORT,
    logLevel: settings.LOG_LEVEL,
    logFormat: settings.LOG_FORMAT,
  };
}
