import { networkInterfaces } from 'node:os';
import type { EventTypes } from '@tidings/accept';
import { postponeVerifications, readEndpoint, recordVerification, releaseUnverified, takeUnverified } from '@tidings/database';
import { createAgents, createGuard, createMustVerify, hostNetworks } from '@tidings/egress';
import { createTestLock } from '@tidings/queue';
import type { Logger } from '@tidings/runtime/logging';
import type { Tracing } from '@tidings/runtime/tracing';
import { createSeal } from '@tidings/secrets';
import type { Activity } from '../activity/activity.js';
import type { Admission } from '../admission/admission.js';
import type { WorkerConfig } from '../config.js';
import { createDeliver } from '../deliver/deliver.js';
import { createDeliverJob, type DeliverJob } from '../deliver/deliver-job.js';
import { createLease } from '../deliver/lease.js';
import { buildRequest } from '../deliver/request.js';
import { createSender } from '../deliver/send.js';
import { traceDeliveries } from '../deliver/trace.js';
import type { LineStarts } from '../line-starts/line-starts.js';
import { createProcessTests } from '../test-webhook/process-tests.js';
import { createVerifyWebhooks } from '../verify/verify-webhooks.js';
import type { Connections } from './connections.js';
import type { WorkerMetrics } from './telemetry.js';

interface DeliveryParts {
  config: WorkerConfig;
  eventTypes: EventTypes;
  connections: Pick<Connections, 'pools' | 'commands' | 'queue'>;
  metrics: Pick<WorkerMetrics, 'deliveries'>;
  /** Fills the line of deliveries that wait for a worker when jobs have ended. */
  admission: Pick<Admission, 'jobEnded' | 'refill'>;
  /** Counts attempts for the operator's charts. */
  activity: Pick<Activity, 'count'>;
  lineStarts: Pick<LineStarts, 'count'>;
  /** How long a claim of a delivery holds, in milliseconds. */
  leaseMs: number;
  log: Logger;
  tracing: Tracing | undefined;
}

/** The requests that this worker sends to webhooks. */
export interface Delivery {
  /** Processes a job of the queue `deliveries`. */
  deliverJob: DeliverJob;
  /** Processes a job of the queue `tests`. */
  processTest: ReturnType<typeof createProcessTests>;
  /** Sends the challenges of webhooks whose URL is to be verified. */
  verifyWebhooks: ReturnType<typeof createVerifyWebhooks>;
  /** Closes the idle keep-alive connections to receivers. */
  closeSockets: () => void;
}

/**
 * How long a job continues with parked deliveries of its webhook, in milliseconds. Many attempts of a few milliseconds fit in,
 * so that they share the cost of one job in Redis.
 */
const CONTINUE_FOR_MS = 250;
/**
 * How long it continues while more jobs wait than half of the requests in flight, in milliseconds: webhooks take turns. With 50
 * instead, a million drained at 4,060 deliveries/s instead of 4,600, and fresh events were no faster.
 */
const CONTINUE_BESIDE_OTHERS_MS = 100;
/** The maximum time limit of a test, in milliseconds: a person waits for the result. */
const LONGEST_TEST_MS = 15_000;
/** How long the lock of a test lasts beyond its request, in milliseconds: for PostgreSQL before the request and Redis after it. */
const TEST_MARGIN_MS = 5000;

/** Creates steps 4 and 5 of the journey: claim, send and record. Tests of webhooks share only the agents and the signing with them. */
export function createDelivery(parts: DeliveryParts): Delivery {
  const { config, eventTypes, connections, metrics, admission, activity, lineStarts, leaseMs, log, tracing } = parts;
  const { pools, commands, queue } = connections;
  const sql = pools.delivering;
  const { timeoutMs } = config;
  const lease = createLease({
    sql,
    leaseMs,
    recordDeadlineMs: timeoutMs,
    health: config.health,
    onEnded: metrics.deliveries.ended,
    onHealth: metrics.deliveries.health,
    onSlowed: (webhooks) => {
      metrics.deliveries.slowed(webhooks);
      for (const { webhookId, throttledUntil, requestsPerSecond } of webhooks) {
        log.info(
          throttledUntil === null ? 'A receiver is overloaded: its webhook is slowed down.' : 'A receiver asked to slow down.',
          {
            webhook_id: webhookId,
            throttled_until: throttledUntil === null ? null : new Date(throttledUntil).toISOString(),
            requests_per_second: requestsPerSecond,
          },
        );
      }
    },
  });

  const hostAddresses = hostNetworks(
    Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
  );
  const agents = createAgents({ guard: createGuard({ ...config.addresses, hostAddresses }), proxy: config.proxy, ca: config.ca });
  const send = createSender({ agents, timeoutMs });
  const seal = createSeal(config.sealKeys);
  const deliver = createDeliver({
    ...lease,
    build: (delivery) => buildRequest(delivery, seal),
    send,
    sendWithinMs: leaseMs - timeoutMs,
    jobEnded: admission.jobEnded,
    enqueue: (delivery) => queue.enqueue([{ ...delivery, newJobId: true }]),
    retry: config.retry,
    continueForMs: () => (queue.line.length() > config.concurrency / 2 ? CONTINUE_BESIDE_OTHERS_MS : CONTINUE_FOR_MS),
    observe: {
      ...metrics.deliveries,
      recorded: (result, outcome, delivery) => {
        metrics.deliveries.recorded(result, outcome, delivery);
        activity.count({ owner: delivery.owner, ...result });
        lineStarts.count(delivery.webhookId);
      },
    },
    log,
    // With tracing, `send` and `record` are replaced by traced ones.
    ...(tracing && traceDeliveries(tracing, { send, record: lease.record, sendTraceparent: config.sendTraceparent })),
  });

  const testMs = Math.min(timeoutMs, LONGEST_TEST_MS);
  const sendTest = createSender({ agents, timeoutMs: testMs });
  const testLock = createTestLock({ redis: commands, prefix: config.prefix });
  const processTest = createProcessTests({
    claim: (test) => testLock.claim(test, testMs + TEST_MARGIN_MS),
    readEndpoint: (owner, webhookId) => readEndpoint(sql, owner, webhookId),
    build: (event) => buildRequest(event, seal),
    send: sendTest,
    eventTypes,
    release: testLock.release,
    log,
  });
  const verifyWebhooks = createVerifyWebhooks({
    isOff: config.verifyWebhooks === 'off',
    mustVerify: createMustVerify(config.verifyWebhooks, config.addresses),
    take: () => takeUnverified(sql),
    postpone: (ids, afterMs) => postponeVerifications(sql, ids, afterMs),
    record: (result) => recordVerification(sql, result),
    release: (ids) => releaseUnverified(sql, ids),
    build: (event) => buildRequest(event, seal),
    send: sendTest,
    refill: admission.refill,
    observe: metrics.deliveries.challenged,
    log,
  });
  return { deliverJob: createDeliverJob({ deliver, log }), processTest, verifyWebhooks, closeSockets: agents.close };
}
