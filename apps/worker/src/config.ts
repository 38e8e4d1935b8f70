import { egressSettings, flag, parsed, readConfig, sharedConfig, sharedSettings, wholeNumber } from '@tidings/config';
import { MAX_DELIVERY_TIMEOUT_MS } from '@tidings/database';
import { parseOutboxes } from './relay/outboxes.js';

/** The longest time between two probes, as a multiple of the first: a minute by default. */
const PROBE_RANGE = 12;
const HOUR_MS = 3_600_000;

/** The worker's settings, from the environment. Throws a `ConfigError` that lists every mistake. */
export function readWorkerConfig(env: NodeJS.ProcessEnv) {
  const settings = readConfig(
    {
      ...sharedSettings,
      WORKER_CONCURRENCY: wholeNumber({ initial: 100, min: 1, max: 10_000 }),
      DELIVERY_TIMEOUT_MS: wholeNumber({ initial: 15_000, min: 100, max: MAX_DELIVERY_TIMEOUT_MS }),
      RECONCILE_INTERVAL_MS: wholeNumber({ initial: 1000, min: 100, max: 60_000 }),
      CIRCUIT_AFTER: wholeNumber({ initial: 5, min: 1, max: 1000 }),
      CIRCUIT_PROBE_MS: wholeNumber({ initial: 5000, min: 100, max: 3_600_000 }),
      DISABLE_AFTER_HOURS: wholeNumber({ initial: 120, min: 1, max: 8760 }),
      SEND_TRACEPARENT: flag(false),
      OUTBOX_DATABASE_URLS: parsed(parseOutboxes).default([]),
      ...egressSettings,
    },
    env,
  );
  return {
    ...sharedConfig(settings),
    concurrency: settings.WORKER_CONCURRENCY,
    timeoutMs: settings.DELIVERY_TIMEOUT_MS,
    outboxes: settings.OUTBOX_DATABASE_URLS,
    sendTraceparent: settings.SEND_TRACEPARENT,
    proxy: settings.EGRESS_PROXY,
    ca: settings.EGRESS_CA_FILE,
    reconcileIntervalMs: settings.RECONCILE_INTERVAL_MS,
    health: {
      circuitAfter: settings.CIRCUIT_AFTER,
      probeAfterMs: settings.CIRCUIT_PROBE_MS,
      probeAtMostMs: PROBE_RANGE * settings.CIRCUIT_PROBE_MS,
      disableAfterMs: settings.DISABLE_AFTER_HOURS * HOUR_MS,
    },
  };
}
