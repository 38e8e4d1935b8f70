import type { Accept, ChangeEventTypes, EventTypes } from '@tidings/accept';
import { bindIdempotencyKey, readWebhookHours, readWebhookStats } from '@tidings/database';
import { createMustVerify } from '@tidings/egress';
import type { DeliveriesQueue } from '@tidings/queue';
import type { Logger } from '@tidings/runtime/logging';
import type { Seal } from '@tidings/secrets';
import { adminRoutes } from '../admin/routes.js';
import type { ApiConfig } from '../config.js';
import { createAdmit } from '../deliveries/admit.js';
import { createCancel } from '../deliveries/cancel.js';
import { createDeliveryLog } from '../deliveries/delivery-log.js';
import { createHostPace } from '../deliveries/host-pace.js';
import { createReplay } from '../deliveries/replay.js';
import { createRetry } from '../deliveries/retry.js';
import { deliveryRoutes } from '../deliveries/routes.js';
import { eventTypeRoutes } from '../event-types/routes.js';
import { eventRoutes } from '../events/routes.js';
import { healthRoutes } from '../health/routes.js';
import type { CountDestination } from '../limits/limits.js';
import type { Route } from '../openapi/route.js';
import { securityTxtRoutes } from '../security-txt/routes.js';
import { streamRoutes } from '../stream/routes.js';
import type { LiveStream } from '../stream/stream.js';
import { registrationSchemas } from '../webhooks/registration.js';
import { createRegistry } from '../webhooks/registry.js';
import { webhookRoutes } from '../webhooks/routes.js';
import type { TestWebhook } from '../webhooks/test-webhook.js';
import type { Callers } from './callers.js';
import type { Connections } from './connections.js';
import type { ApiMetrics } from './telemetry.js';

interface RoutesParts {
  config: Pick<
    ApiConfig,
    | 'basePath'
    | 'urlRules'
    | 'addresses'
    | 'proxy'
    | 'securityContact'
    | 'verifyWebhooks'
    | 'maxInFlight'
    | 'webhooksPerOwner'
    | 'replaysPerSecond'
    | 'replaysPerSecondAndHost'
    | 'retry'
    | 'retentionDays'
  >;
  eventTypes: EventTypes;
  changeEventTypes: ChangeEventTypes;
  connections: Pick<Connections, 'databases' | 'operatorReading' | 'readiness'>;
  metrics: Pick<ApiMetrics, 'accept' | 'ended'>;
  seal: Seal;
  accept: Accept;
  queue: DeliveriesQueue;
  stream: LiveStream;
  callers: Pick<Callers, 'settings' | 'tickets' | 'browserSessions' | 'revoke'>;
  testWebhook: TestWebhook;
  countDestination: CountDestination;
  /** Whether the process is stopping, and therefore not ready. */
  isStopping: () => boolean;
  log: Logger;
}

/** Creates every route of the API. A route of a new feature is added here. */
export function createRoutes(parts: RoutesParts): Route[] {
  const {
    config,
    eventTypes,
    changeEventTypes,
    connections,
    metrics,
    seal,
    accept,
    queue,
    stream,
    callers,
    testWebhook,
    countDestination,
    isStopping,
    log,
  } = parts;
  const { databases, operatorReading, readiness } = connections;
  const { accepting, reading, administration } = databases;
  const { settings, tickets, browserSessions, revoke } = callers;
  const admit = createAdmit({ sql: administration.pool, queue, log });
  const mustVerify = createMustVerify(config.verifyWebhooks, config.addresses);
  const hostPace = createHostPace({
    sql: administration.pool,
    perSecond: config.replaysPerSecond,
    perSecondAndHost: config.replaysPerSecondAndHost,
  });
  const registry = createRegistry({
    database: administration,
    reading,
    seal,
    perOwner: config.webhooksPerOwner,
    mustVerify,
    admit,
    hostPace,
  });
  return [
    ...healthRoutes(readiness, isStopping),
    ...securityTxtRoutes(config.securityContact),
    ...webhookRoutes({
      basePath: config.basePath,
      registry,
      testWebhook,
      eventTypes,
      countDestination,
      mustVerify,
      schemas: registrationSchemas({ ...config, eventTypes }),
      readStats: (webhookIds) => readWebhookStats(reading.pool, webhookIds),
      readHours: (webhookId, hours) => readWebhookHours(reading.pool, webhookId, hours),
    }),
    ...deliveryRoutes({
      deliveries: createDeliveryLog(reading),
      retry: createRetry({ sql: administration.pool, queue, log }),
      cancel: createCancel({ sql: administration.pool, admit }),
      replay: createReplay({
        sql: administration.pool,
        hostPace,
        onEnded: metrics.ended,
      }),
      registry,
      countDestination,
      eventTypes,
      sql: reading.pool,
    }),
    ...eventRoutes({
      accept,
      bindKey: (use) => bindIdempotencyKey(accepting.pool, use),
      eventTypes,
      sql: reading.pool,
      onInvalid: () => {
        metrics.accept.rejected('invalid');
      },
    }),
    ...eventTypeRoutes({ eventTypes, change: changeEventTypes, sql: reading.pool }),
    ...streamRoutes({ stream, eventTypes, tickets }),
    ...adminRoutes({
      basePath: config.basePath,
      database: administration,
      reading: operatorReading,
      seal,
      egress: { urls: config.urlRules, hasProxy: config.proxy !== undefined },
      settings,
      browserSessions,
      revoke,
      eventTypes,
      admit,
    }),
  ];
}
