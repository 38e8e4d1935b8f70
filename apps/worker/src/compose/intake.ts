import { createAccept, type Accept, type EventTypes } from '@tidings/accept';
import { connectToOutbox } from '@tidings/database';
import { createOutboxRelay, type EventDraft, type OutboxRelay } from '@tidings/events';
import type { Logger } from '@tidings/runtime/logging';
import type { Tracing } from '@tidings/runtime/tracing';
import type { WorkerConfig } from '../config.js';
import { createIngest, type Ingest } from '../ingest/ingest.js';
import { traceIngest } from '../ingest/trace.js';
import { createAcceptRelayed } from '../relay/accept-relayed.js';
import type { Connections } from './connections.js';
import type { WorkerMetrics } from './telemetry.js';

interface IntakeParts {
  config: Pick<WorkerConfig, 'prefix' | 'outboxes'>;
  eventTypes: EventTypes;
  connections: Pick<Connections, 'pools' | 'commands' | 'queue' | 'expansions'>;
  metrics: Pick<WorkerMetrics, 'accept' | 'outboxes'>;
  log: Logger;
  tracing: Tracing | undefined;
}

/** The ways by which events reach this worker. */
export interface Intake {
  accept: Accept;
  /** Processes a job of the queue `events`. */
  ingest: Ingest | ReturnType<typeof traceIngest>;
  /** One for each outbox of a service. */
  relays: readonly OutboxRelay[];
}

/** Creates step 2 of the journey for enqueued events and for the events of outboxes. */
export function createIntake({ config, eventTypes, connections, metrics, log, tracing }: IntakeParts): Intake {
  const { pools, commands, queue, expansions } = connections;
  const { prefix } = config;
  const accept = createAccept({
    sql: pools.accepting,
    queue,
    expansions,
    redis: commands,
    prefix,
    observe: metrics.accept,
    log,
    tracing,
  });
  const ingest = createIngest({
    accept,
    eventTypes,
    onInvalid: () => {
      metrics.accept.rejected('invalid');
    },
    log,
  });

  const acceptRelayed = createAcceptRelayed({ accept, eventTypes });
  const relays = config.outboxes.map(({ name, url }) =>
    createOutboxRelay<EventDraft>({
      connect: () => connectToOutbox(url),
      publish: acceptRelayed,
      observe: (outcome, count) => {
        metrics.outboxes.moved(name, outcome, count);
      },
      log: {
        warn: (message, details) => log.warn(message, { outbox: name, ...details }),
        error: (message, details) => log.error(message, { outbox: name, ...details }),
      },
    }),
  );
  return { accept, ingest: tracing ? traceIngest(tracing, ingest) : ingest, relays };
}
