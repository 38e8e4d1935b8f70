import { readFileSync } from 'node:fs';
import type { Registry } from 'prom-client';
import { explainFailure } from '@tidings/database';
import { formatNetwork } from '@tidings/egress';
import { explainRedisProblem } from '@tidings/queue';
import { createLogger, type Logger } from '@tidings/runtime/logging';
import {
  createAcceptMetrics,
  createPeriodicTaskMetrics,
  createProcessRegistry,
  type AcceptMetrics,
} from '@tidings/runtime/metrics';
import type { PeriodicTaskRound } from '@tidings/runtime/periodic-task';
import { startTracing, type Tracing } from '@tidings/runtime/tracing';
import type { WorkerConfig } from '../config.js';
import { createDeliveryMetrics, createOutboxMetrics, type DeliveryMetrics, type OutboxMetrics } from '../metrics.js';

/** Metrics that several parts of the worker count. */
export interface WorkerMetrics {
  registry: Registry;
  accept: AcceptMetrics;
  deliveries: DeliveryMetrics;
  outboxes: OutboxMetrics;
  observeTask: (round: PeriodicTaskRound) => void;
}

/** The log, the traces and the metrics of a process. */
export interface Telemetry {
  log: Logger;
  /** Undefined: no traces. */
  tracing: Tracing | undefined;
  metrics: WorkerMetrics;
}

/**
 * Opens the log, the traces and the metrics of the process.
 *
 * @param logStream receives the log lines; default: standard output
 */
export async function openTelemetry(
  config: Pick<WorkerConfig, 'tracing' | 'logLevel' | 'logFormat' | 'addresses' | 'notices' | 'outboxes'>,
  logStream?: NodeJS.WritableStream,
): Promise<Telemetry> {
  const tracing = await startTracing({
    serviceName: 'tidings-worker',
    settings: config.tracing,
    onError: (reason, fields) => log.warn('Traces could not be sent.', { reason, ...fields }),
  });
  const log = createLogger({
    service: 'worker',
    level: config.logLevel,
    format: config.logFormat,
    context: tracing?.activeIds,
    // An outbox is in the database of another service.
    explain: ({ error, outbox }) => (outbox === undefined ? explainFailure(error) : null) ?? explainRedisProblem(error),
    ...(logStream && { stream: logStream }),
  });
  for (const notice of config.notices) log.warn(notice);
  if (config.addresses.allowed.length > 0) {
    log.warn('Webhooks may reach addresses that are not public (EGRESS_ALLOW_CIDRS).', {
      networks: config.addresses.allowed.map(formatNetwork),
    });
  }

  const registry = createProcessRegistry({ service: 'worker', version: readVersion() });
  const deliveries = createDeliveryMetrics(registry);
  const metrics: WorkerMetrics = {
    registry,
    accept: createAcceptMetrics(registry, deliveries.ended),
    deliveries,
    outboxes: createOutboxMetrics(
      registry,
      config.outboxes.map(({ name }) => name),
    ),
    observeTask: createPeriodicTaskMetrics(registry),
  };
  return { log, tracing, metrics };
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
