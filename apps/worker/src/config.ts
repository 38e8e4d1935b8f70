import { readConfig, sharedConfig, sharedSettings, wholeNumber } from '@tidings/config';

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
    ...sharedConfig(settings),
    concurrency: settings.WORKER_CONCURRENCY,
    timeoutMs: settings.DELIVERY_TIMEOUT_MS,
    reconcileIntervalMs: settings.RECONCILE_INTERVAL_MS,
    /** Null: no health server. */
    healthPort: settings.HEALTH_PORT === 0 ? null : settings.HEALTH_PORT,
  };
}
