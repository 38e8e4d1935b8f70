import { Writable } from 'node:stream';
import type { Express, RequestHandler } from 'express';
import jwt from 'jsonwebtoken';
import supertest from 'supertest';
import type { TokenConfig } from '@tidings/auth';
import { createMachineKeys } from '@tidings/config';
import { openDatabase, type Database } from '@tidings/database';
import { connectRedis } from '@tidings/queue';
import { createTestDatabase, createTestRedis, eventually, type TestRedis } from '@tidings/testing';
import { composeApi, type Api, type ApiOverrides } from '../src/compose.js';
import { readApiConfig, type ApiConfig } from '../src/config.js';
import type { TrustedProxies } from '../src/http/proxies.js';
import type { ServerTimeouts } from '../src/http/server.js';
import type { Limits, RequestLimits } from '../src/limits/limits.js';
import type { StreamSettings } from '../src/stream/stream.js';
import type { TestWebhook } from '../src/webhooks/test-webhook.js';

export const SECRET = 'a-secret-for-tests-of-at-least-32-bytes';
/** Seals the webhooks' secrets. */
export const { SECRETS_KEYS } = createMachineKeys();

export interface TestApi {
  url: string;
  app: Express;
  limits: Limits;
  /** By their paths. */
  pages: Readonly<Record<string, RequestHandler>>;
  /** The database of the API. */
  databaseUrl: string;
  /** Connections of the test's own. */
  database: Database;
  /** The connections of the API. */
  databases: Api['databases'];
  redis: TestRedis;
  token: typeof signTestToken;
  /** Sends requests with a token of this owner. */
  as: (sub: string, scope?: string) => ReturnType<typeof supertest.agent>;
  /** The metrics, in Prometheus's text format. */
  metrics: () => Promise<string>;
  /** The log so far, as JSON lines. */
  logged: () => string;
  /** Revokes tokens as an operator does: `{jti}`, `{token}` or `{owner}`. */
  revoke: (target: object) => Promise<void>;
  revocations: {
    /** Reads revoked tokens and disabled owners now, instead of in the next round. */
    refresh: () => Promise<void>;
  };
  /** Stops the API, and drops its database and its keys in Redis. */
  stop: () => Promise<void>;
}

export interface TestApiOptions extends Pick<
  ApiOverrides,
  'dashboardFolder' | 'refusalIntervalMs' | 'maxRevocations' | 'readinessMaxAgeMs'
> {
  /** Called with the URLs of its database and its Redis before it starts. */
  prepare?: (servers: { databaseUrl: string; redis: TestRedis }) => Promise<unknown>;
  /** Called with the connections of the API before it starts. */
  beforeStart?: (databases: Api['databases']) => void;
  /** Returns the URL by which the API reaches Redis, such as that of a fault proxy. Default: Redis itself. */
  reachRedis?: (url: string) => Promise<string>;
  /** Settings as a deployment has them. */
  env?: Record<string, string>;
  stream?: Partial<StreamSettings>;
  replaysPerSecond?: number;
  /** Which tokens are valid. Default: those signed with `SECRET`. */
  tokenRules?: Partial<TokenConfig>;
  /** Replaces the worker. Default: the receiver answers 200. */
  testWebhook?: TestWebhook;
  /** Requests a minute. Default: no limits. */
  limits?: Partial<RequestLimits>;
  /** Where requests are counted. Default: the Redis of everything else. */
  limitsRedisUrl?: string;
  /** Default: nobody. */
  trustedProxies?: TrustedProxies;
  /** Default: none. */
  corsOrigins?: string[];
  server?: ServerTimeouts;
  /** Returns the URL by which the API reaches PostgreSQL, such as that of a fault proxy. Default: the database itself. */
  reachDatabase?: (url: string) => Promise<string>;
}

interface TestConfigOptions {
  databaseUrl: string;
  redis: Pick<TestRedis, 'url' | 'prefix'>;
  /** Settings as a deployment has them. */
  env?: Record<string, string> | undefined;
}

interface TestTokenOptions {
  scope?: string;
  /** In seconds. Default: an hour. */
  expiresIn?: number;
  jti?: string;
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

/** A small installation: everything that is counted is far from its limit. */
const ENV = {
  HOST: '127.0.0.1',
  PORT: '0',
  SHUTDOWN_IDLE_MS: '0',
  JWT_SECRET: SECRET,
  SECRETS_KEYS,
  MAX_IN_FLIGHT: '1000',
  STREAMS_PER_OWNER: '1000',
  MAX_STREAMS: '1000',
  MAX_CONNECTIONS: '1000',
  DASHBOARD: 'false',
  LOG_FORMAT: 'json',
};
const NO_LIMITS: RequestLimits = { perOwner: 0, perIp: 0, authFailures: 0, publish: 0, costly: 0, perHost: 0 };

/** Reads the settings of an API that listens on a free port. */
export function readTestConfig({ databaseUrl, redis, env = {} }: TestConfigOptions): ApiConfig {
  return readApiConfig({ ...ENV, DATABASE_URL: databaseUrl, REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix, ...env });
}

/** Signs a token as the platform's services do. */
export function signTestToken(sub: string, { scope = '', expiresIn = 3600, jti }: TestTokenOptions = {}): string {
  return jwt.sign({ scope, jti, exp: Math.floor(Date.now() / 1000) + expiresIn }, SECRET, { subject: sub });
}

/** Starts the API as `main.ts` does, on a free port, with a database and a Redis prefix of its own. */
export async function startApi(options: TestApiOptions = {}): Promise<TestApi> {
  const testDatabase = await createTestDatabase();
  const redis = createTestRedis();
  const { reachDatabase = (url) => Promise.resolve(url), reachRedis = (url) => Promise.resolve(url) } = options;
  await options.prepare?.({ databaseUrl: testDatabase.url, redis });
  const config = readTestConfig({
    databaseUrl: await reachDatabase(testDatabase.url),
    redis: { url: await reachRedis(redis.url), prefix: redis.prefix },
    env: options.env,
  });
  const lines: string[] = [];
  const logStream = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(line.toString());
      done();
    },
  });
  // A request that arrives before the connection is ready would not be counted.
  const limitsRedis = connectRedis(options.limitsRedisUrl ?? redis.url, 'limits', () => undefined);
  await eventually(() => limitsRedis.ping());

  const api = await composeApi(
    {
      ...config,
      token: { ...config.token, ...options.tokenRules },
      stream: { ...config.stream, ...options.stream },
      replaysPerSecond: options.replaysPerSecond ?? config.replaysPerSecond,
      requestLimits: { ...NO_LIMITS, ...options.limits },
      trustedProxies: options.trustedProxies ?? config.trustedProxies,
      corsOrigins: options.corsOrigins ?? config.corsOrigins,
      dashboard: options.dashboardFolder !== undefined,
    },
    {
      logStream,
      limitsRedis,
      testWebhook: options.testWebhook ?? answered,
      ...(options.server && { serverTimeouts: options.server }),
      ...(options.dashboardFolder !== undefined && { dashboardFolder: options.dashboardFolder }),
      ...(options.maxRevocations !== undefined && { maxRevocations: options.maxRevocations }),
      ...(options.refusalIntervalMs !== undefined && { refusalIntervalMs: options.refusalIntervalMs }),
      ...(options.readinessMaxAgeMs !== undefined && { readinessMaxAgeMs: options.readinessMaxAgeMs }),
    },
  );
  options.beforeStart?.(api.databases);
  await api.start();
  // Queries of a test wait in line for a connection, however busy the machine is.
  const database = openDatabase({ url: testDatabase.url, connectTimeoutMs: 60_000 });
  const as: TestApi['as'] = (sub, scope) =>
    supertest.agent(api.url).set('authorization', `Bearer ${signTestToken(sub, scope === undefined ? {} : { scope })}`);

  return {
    app: api.app,
    limits: api.limits,
    pages: api.pages,
    revocations: { refresh: api.endRefused },
    url: api.url,
    databaseUrl: testDatabase.url,
    database,
    databases: api.databases,
    redis,
    token: signTestToken,
    as,
    async revoke(target) {
      const { status, text } = await as('olga', 'admin').post('/api/admin/revocations').send(target);
      if (status !== 201) throw new Error(text);
    },
    metrics: () => api.metrics.metrics(),
    logged: () => lines.join(''),
    async stop() {
      await api.stop();
      await database.close();
      await redis.drop();
      await testDatabase.drop();
    },
  };
}
