import {
  egressSettings,
  flag,
  group,
  parsed,
  readConfig,
  settingNotices,
  sharedConfig,
  sharedSettings,
  wholeNumber,
  withoutIdleTracing,
} from '@tidings/config';
import { MAX_DELIVERY_TIMEOUT_MS } from '@tidings/database';
import { parseOutboxes } from './relay/outboxes.js';

/** The longest wait between two probes of an open circuit, as a multiple of the first wait: a minute by default. */
const MAX_PROBE_FACTOR = 12;
const HOUR_MS = 3_600_000;

/** The settings of the worker by the names of their variables. */
export const workerSettings = {
  ...sharedSettings,
  ...group('Basics', {
    OUTBOX_DATABASE_URLS: parsed('PostgreSQL URLs, comma-separated', parseOutboxes)
      .default([])
      .describe('The databases of services whose outbox the workers relay. Write a comma in a password as `%2C`.'),
  }),
  ...group('Delivery', {
    WORKER_CONCURRENCY: wholeNumber({ initial: 100, min: 1, max: 10_000 }).describe(
      'Requests of each worker that are in flight at once. Further deliveries wait.',
    ),
    DELIVERY_TIMEOUT_MS: wholeNumber({ initial: 15_000, min: 100, max: MAX_DELIVERY_TIMEOUT_MS }).describe(
      'The time limit of one attempt, from the DNS look-up to the end of the response, in milliseconds. Beyond it the attempt fails as `timeout`. A lease lasts twice as long.',
    ),
    RECONCILE_INTERVAL_MS: wholeNumber({ initial: 1000, min: 100, max: 60_000 }).describe(
      'The time between two rounds of the reconciler, in milliseconds.',
    ),
    CIRCUIT_AFTER: wholeNumber({ initial: 5, min: 1, max: 1000 }).describe(
      "Attempts in a row without any response that open a webhook's circuit.",
    ),
    CIRCUIT_PROBE_MS: wholeNumber({ initial: 5000, min: 100, max: 3_600_000 }).describe(
      `The time from the opening of a circuit to its first probe, in milliseconds. Before each later probe the worker waits as long as the circuit has been open, up to ${String(MAX_PROBE_FACTOR)} times this value.`,
    ),
    DISABLE_AFTER_HOURS: wholeNumber({ initial: 120, min: 1, max: 8760 }).describe(
      'The time without a successful attempt, in hours, after which a webhook is disabled when a delivery has used its last attempt.',
    ),
  }),
  ...group('Tracing', {
    SEND_TRACEPARENT: flag(false).describe('Whether receivers get the `traceparent` of each traced request.'),
  }),
  ...egressSettings,
};

/** Reads the worker's settings from the environment. Throws a `ConfigError` that lists every mistake. */
export function readWorkerConfig(env: NodeJS.ProcessEnv) {
  const { env: effective, warnings } = withoutIdleTracing(env);
  const settings = readConfig(workerSettings, effective);
  return {
    ...sharedConfig(settings),
    /** What an operator should know about the settings: sentences for the log. */
    notices: [...warnings, ...settingNotices(Object.keys(workerSettings), env)],
    concurrency: settings.WORKER_CONCURRENCY,
    timeoutMs: settings.DELIVERY_TIMEOUT_MS,
    outboxes: settings.OUTBOX_DATABASE_URLS,
    sendTraceparent: settings.SEND_TRACEPARENT,
    ca: settings.EGRESS_CA_FILE,
    reconcileIntervalMs: settings.RECONCILE_INTERVAL_MS,
    health: {
      circuitAfter: settings.CIRCUIT_AFTER,
      probeAfterMs: settings.CIRCUIT_PROBE_MS,
      probeAtMostMs: MAX_PROBE_FACTOR * settings.CIRCUIT_PROBE_MS,
      disableAfterMs: settings.DISABLE_AFTER_HOURS * HOUR_MS,
    },
  };
}

/** The checked configuration of a worker. */
export type WorkerConfig = ReturnType<typeof readWorkerConfig>;
