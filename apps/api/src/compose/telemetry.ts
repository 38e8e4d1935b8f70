import { readFileSync } from 'node:fs';
import type { Registry } from 'prom-client';
import { formatNetwork } from '@tidings/egress';
import { explainRedisProblem } from '@tidings/queue';
import { createLogger, type Logger } from '@tidings/runtime/logging';
import {
  createAcceptMetrics,
  createEndedMetric,
  createPeriodicTaskMetrics,
  createProcessRegistry,
  type AcceptMetrics,
} from '@tidings/runtime/metrics';
import { explainFailure, type Ended } from '@tidings/database';
import type { PeriodicTaskRound } from '@tidings/runtime/periodic-task';
import { startTracing, type Tracing } from '@tidings/runtime/tracing';
import type { ApiConfig } from '../config.js';

/** Metrics that several parts of the API count. */
export interface ApiMetrics {
  registry: Registry;
  accept: AcceptMetrics;
  /** Counts deliveries that the API ended, because their webhook was disabled. */
  ended: (ended: Ended) => void;
  observeTask: (round: PeriodicTaskRound) => void;
}

/** The log, the traces and the metrics of a process. */
export interface Telemetry {
  log: Logger;
  /** Undefined: no traces. */
  tracing: Tracing | undefined;
  metrics: ApiMetrics;
}

/**
 * Opens the log, the traces and the metrics of the process.
 *
 * @param logStream receives the log lines; default: standard output
 */
export async function openTelemetry(
  config: Pick<ApiConfig, 'tracing' | 'logLevel' | 'logFormat' | 'addresses' | 'notices'>,
  logStream?: NodeJS.WritableStream,
): Promise<Telemetry> {
  const tracing = await startTracing({
    serviceName: 'tidings-api',
    settings: config.tracing,
    onError: (reason, fields) => log.warn('Traces could not be sent.', { reason, ...fields }),
  });
  const log = createLogger({
    service: 'api',
    level: config.logLevel,
    format: config.logFormat,
    context: tracing?.activeIds,
    explain: ({ error }) => explainFailure(error) ?? explainRedisProblem(error),
    ...(logStream && { stream: logStream }),
  });
  for (const notice of config.notices) log.warn(notice);
  if (config.addresses.allowed.length > 0) {
    log.warn('Webhooks may reach addresses that are not public (EGRESS_ALLOW_CIDRS).', {
      networks: config.addresses.allowed.map(formatNetwork),
    });
  }

  const registry = createProcessRegistry({ service: 'api', version: readVersion() });
  const ended = createEndedMetric(registry, ['skipped']);
  const metrics: ApiMetrics = {
    registry,
    accept: createAcceptMetrics(registry, ended),
    ended: ({ cancelled, skipped }) => {
      ended('cancelled', cancelled);
      ended('skipped', skipped);
    },
    observeTask: createPeriodicTaskMetrics(registry),
  };
  return { log, tracing, metrics };
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
