import { createSecretKey } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import type { Express, RequestHandler } from 'express';
import jwt from 'jsonwebtoken';
import supertest from 'supertest';
import { Registry } from 'prom-client';
import { createAccept } from '@tidings/accept';
import { lastPosition, openDatabase, readWebhookStats, type Database } from '@tidings/database';
import { catalog } from '@tidings/events';
import { createLogger } from '@tidings/runtime/logging';
import { connectRedis, createDeliveriesQueue, openQueues } from '@tidings/queue';
import { createRevocations, type Revocations } from '@tidings/auth';
import { createSeal } from '@tidings/secrets';
import { createTestDatabase, createTestRedis, type TestRedis } from '@tidings/testing';
import { adminRoutes } from '../src/admin/routes.js';
import { QUEUE_PAGES, queuePages } from '../src/admin/queues.js';
import { createBrowserSessions } from '../src/admin/browser-sessions.js';
import { createApp } from '../src/http/app.js';
import type { TokenRules } from '@tidings/auth';
import type { DashboardParts } from '../src/dashboard/serve.js';
import { createDeliveryLog } from '../src/deliveries/delivery-log.js';
import { createReplay } from '../src/deliveries/replay.js';
import { createRetry } from '../src/deliveries/retry.js';
import { deliveryRoutes } from '../src/deliveries/routes.js';
import { eventRoutes } from '../src/events/routes.js';
import { healthRoutes } from '../src/health/routes.js';
import { createLimits, type Limits, type RequestLimits } from '../src/limits/limits.js';
import type { TrustedProxies } from '../src/http/proxies.js';
import { createApiServer, type ServerOptions } from '../src/http/server.js';
import { STREAM, streamRoutes } from '../src/stream/routes.js';
import { createLiveStream, type StreamSettings } from '../src/stream/stream.js';
import { createTickets } from '../src/stream/tickets.js';
import { createOwnerSettings } from '../src/owners/settings.js';
import { registrationSchemas } from '../src/webhooks/registration.js';
import { createRegistry } from '../src/webhooks/registry.js';
import type { TestWebhook } from '../src/webhooks/test-webhook.js';
import { webhookRoutes } from '../src/webhooks/routes.js';

export const SECRET = 'a-secret-for-tests-of-at-least-32-bytes';
const PER_OWNER = 5;

export interface TestApi {
  url: string;
  app: Express;
  limits: Limits;
  /** By their paths. */
  pages: Readonly<Record<string, RequestHandler>>;
  database: Database;
  redis: TestRedis;
  /** A token as the platform's own services make them. */
  token: (sub: string, options?: { scope?: string; expiresIn?: number; jti?: string }) => string;
  /** Requests as this user. */
  as: (sub: string, scope?: string) => ReturnType<typeof supertest.agent>;
  /** The metrics, in Prometheus's text format. */
  metrics: () => Promise<string>;
  /** What was logged so far, as JSON lines. */
  logged: () => string;
  /** Has the API look at once for what was revoked. */
  revocations: Revocations;
  stop: () => Promise<void>;
}

export interface TestApiOptions {
  stream?: Partial<StreamSettings>;
  replaysPerSecond?: number;
  /** Other than those of the product, with `SECRET`. */
  tokenRules?: Partial<TokenRules>;
  /** Instead of a worker. Default: the receiver answers 200. */
  testWebhook?: TestWebhook;
  /** Requests a minute. Default: no limits. */
  limits?: Partial<RequestLimits>;
  /** Where requests are counted. Default: the Redis of everything else. */
  limitsRedisUrl?: string;
  /** Default: nobody. */
  trustedProxies?: TrustedProxies;
  /** Default: none. */
  corsOrigins?: string[];
  /** Default: none. */
  dashboard?: DashboardParts;
  server?: Partial<ServerOptions>;
}

const answered: TestWebhook = () =>
  Promise.resolve({
    eventId: 'evt_1',
    durationMs: 12,
    statusCode: 200,
    errorClass: null,
    error: null,
    responseBody: 'thanks',
  });

const STREAM_SETTINGS: StreamSettings = { heartbeatMs: 15_000, bufferBytes: 256 * 1024, perOwner: 1000, max: 1000 };
const NO_LIMITS: RequestLimits = { perOwner: 0, perIp: 0, authFailures: 0, publish: 0, costly: 0 };

/** The API's own parts on a database and a corner of Redis of this test file's own, listening on a free port. */
export async function startApi(options: TestApiOptions = {}): Promise<TestApi> {
  const { replaysPerSecond = 10, limitsRedisUrl, server: serverOptions, tokenRules = {} } = options;
  const testDatabase = await createTestDatabase();
  const redis = createTestRedis();
  const { prefix } = redis;
  const lines: string[] = [];
  const output = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(line.toString());
      done();
    },
  });
  const log = createLogger({ service: 'api', level: 'info', format: 'json', stream: output });
  const database = openDatabase({ url: testDatabase.url });
  const sql = database.pool;
  const ignore = (): void => undefined;
  const commands = connectRedis(redis.url, 'command', ignore);
  const subscriber = connectRedis(redis.url, 'subscriber', ignore);
  const counts = connectRedis(limitsRedisUrl ?? redis.url, 'limits', ignore);
  await Promise.all([once(commands, 'ready'), once(counts, 'ready')]);

  const queue = createDeliveriesQueue({ redis: commands, prefix });
  const accept = createAccept({ sql, queue, redis: commands, prefix, log });
  const metrics = new Registry();
  const stream = createLiveStream({
    sql,
    subscriber,
    prefix,
    position: await lastPosition(sql),
    settings: { ...STREAM_SETTINGS, ...options.stream },
    registry: metrics,
    log,
  });
  const seal = createSeal([{ id: 'test', key: Buffer.alloc(32, 1) }]);
  const registry = createRegistry({ database, seal, perOwner: PER_OWNER });
  const deliveryLog = createDeliveryLog(database);
  const settings = createOwnerSettings(database);
  const browserSessions = createBrowserSessions({ redis: commands, prefix });
  const queues = openQueues({ redis: commands, prefix });
  const pages = { [QUEUE_PAGES]: queuePages({ queues, browserSessions, isRefused: ({ owner }) => settings.isDisabled(owner) }) };
  const revocations = createRevocations({ redis: commands, prefix, log });
  const tickets = createTickets({ redis: commands, prefix });
  const rules: TokenRules = {
    algorithms: ['HS256'],
    findKey: () => Promise.resolve(createSecretKey(Buffer.from(SECRET))),
    maxLifetimeS: 86_400,
    clockToleranceS: 5,
    requireTokenId: false,
    isRevoked: revocations.isRevoked,
    ...tokenRules,
  };
  const limits = createLimits({
    redis: counts,
    prefix,
    perMinute: { ...NO_LIMITS, ...options.limits },
    limitOfOwner: settings.requestsPerMinute,
  });
  const app = createApp({
    authentication: { token: rules, isDisabled: settings.isDisabled, tickets: { path: STREAM, redeem: tickets.redeem } },
    limits,
    trustedProxies: options.trustedProxies ?? false,
    corsOrigins: options.corsOrigins ?? [],
    dashboard: options.dashboard ?? null,
    log,
    catalog,
    pages,
    routes: [
      ...healthRoutes({ postgresql: () => sql.query('SELECT 1'), redis: () => commands.ping() }),
      ...webhookRoutes({
        registry,
        testWebhook: options.testWebhook ?? answered,
        schemas: registrationSchemas({
          urlRules: { requireHttps: false, addresses: { allowed: [] } },
          catalog,
          maxInFlight: 1000,
        }),
        readStats: (webhookIds) => readWebhookStats(sql, webhookIds),
      }),
      ...deliveryRoutes({
        deliveries: deliveryLog,
        retry: createRetry({ sql, queue, log }),
        replay: createReplay({ sql, perSecond: replaysPerSecond }),
        registry,
        catalog,
        sql,
      }),
      ...eventRoutes({ accept, catalog, sql }),
      ...streamRoutes({ stream, catalog, tickets }),
      ...adminRoutes({ database, seal, deliveries: deliveryLog, settings, browserSessions, catalog }),
    ],
  });
  const server = createApiServer(app, { maxConnections: 1000, log, ...serverOptions }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const token: TestApi['token'] = (sub, { scope = '', expiresIn = 3600, jti } = {}) =>
    jwt.sign({ scope, jti, exp: Math.floor(Date.now() / 1000) + expiresIn }, SECRET, { subject: sub });
  return {
    app,
    limits,
    pages,
    revocations: {
      isRevoked: revocations.isRevoked,
      async refresh() {
        await revocations.refresh();
        await settings.refresh();
        stream.endRefused({ isRevoked: revocations.isRevoked, isDisabled: settings.isDisabled });
      },
    },
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    database,
    redis,
    token,
    as: (sub, scope) =>
      supertest.agent(server).set('authorization', `Bearer ${token(sub, scope === undefined ? {} : { scope })}`),
    metrics: () => metrics.metrics(),
    logged: () => lines.join(''),
    async stop() {
      await stream.stop();
      server.closeAllConnections();
      server.close();
      await accept.idle();
      await queue.close();
      await Promise.all(queues.map((one) => one.close()));
      commands.disconnect();
      subscriber.disconnect();
      counts.disconnect();
      await redis.drop();
      await database.close();
      await testDatabase.drop();
    },
  };
}
