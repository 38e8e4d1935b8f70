import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { policyOf } from '@tidings/config';
import { readWorkerConfig } from './config.js';

const key = randomBytes(32).toString('base64');
const good = { DATABASE_URL: 'postgresql://u:p@db/tidings', REDIS_URL: 'redis://redis:6379', SECRETS_KEYS: `a:${key}` };

describe("the worker's configuration", () => {
  test('needs three variables, and has a default for every other one', () => {
    expect(readWorkerConfig(good)).toMatchObject({
      concurrency: 100,
      timeoutMs: 15_000,
      host: '::',
      healthServer: null,
      prefix: '{tidings}',
      retry: { maxAttempts: 3, initialDelayMs: 120_000, maxDelayMs: 3_600_000, jitter: 0.5, schedule: null },
      addresses: { allowed: [], denied: [] },
      outboxes: [],
    });
  });

  test('may name a schedule of retries, which takes precedence over the number of attempts', () => {
    const { retry } = readWorkerConfig({ ...good, DELIVERY_SCHEDULE: 'standard-webhooks', DELIVERY_ATTEMPTS: '5' });
    expect(policyOf(retry, { maxAttempts: null, initialDelayMs: null, maxDelayMs: null, schedule: null })).toMatchObject({
      schedule: 'standard-webhooks',
      maxAttempts: 10,
    });
    expect(() => readWorkerConfig({ ...good, DELIVERY_SCHEDULE: 'hourly' })).toThrow(
      'DELIVERY_SCHEDULE must be standard-webhooks',
    );
  });

  test('keeps events until the last attempt', () => {
    const scheduled = { ...good, DELIVERY_SCHEDULE: 'standard-webhooks' };
    expect(() => readWorkerConfig({ ...scheduled, RETENTION_DAYS: '3' })).toThrow('RETENTION_DAYS must be at least 4');
    expect(readWorkerConfig({ ...scheduled, RETENTION_DAYS: '4' }).retentionDays).toBe(4);
    const exponential = {
      ...good,
      DELIVERY_ATTEMPTS: '20',
      DELIVERY_MAX_DELAY_MS: '86400000',
      DELIVERY_INITIAL_DELAY_MS: '3600000',
    };
    expect(() => readWorkerConfig({ ...exponential, RETENTION_DAYS: '2' })).toThrow('RETENTION_DAYS must be at least 16');
  });

  test('may name databases with an outbox', () => {
    const OUTBOX_DATABASE_URLS = 'postgresql://u:pw@music/music,postgresql://u:pw@shop/shop';
    expect(readWorkerConfig({ ...good, OUTBOX_DATABASE_URLS }).outboxes.map(({ name }) => name)).toEqual([
      'music:5432/music',
      'shop:5432/shop',
    ]);
  });

  test('needs a random key for sealed secrets, in every environment', () => {
    for (const NODE_ENV of ['production', 'development', 'test']) {
      expect(() => readWorkerConfig({ ...good, NODE_ENV, SECRETS_KEYS: '' })).toThrow('SECRETS_KEYS is missing');
      const guessable = `a:${Buffer.alloc(32, 7).toString('base64')}`;
      expect(() => readWorkerConfig({ ...good, NODE_ENV, SECRETS_KEYS: guessable })).toThrow('("a") is not random');
    }
  });

  test('treats an empty variable as unset', () => {
    expect(readWorkerConfig({ ...good, WORKER_CONCURRENCY: '' }).concurrency).toBe(100);
  });

  test('refuses a DATABASE_POOL with less than one connection for each pool', () => {
    expect(readWorkerConfig({ ...good, DATABASE_POOL: '3' }).databasePool).toBe(3);
    expect(() => readWorkerConfig({ ...good, DATABASE_POOL: '2' })).toThrow(
      'DATABASE_POOL must be a whole number from 3 to 1000',
    );
  });

  test('traces nothing unless the standard variables of OpenTelemetry say where to', () => {
    const traced = { protocol: 'http/protobuf', sampler: 'parentbased_always_on', ratio: 1, scheduleDelayMs: 5000 };
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318';
    expect(readWorkerConfig(good)).toMatchObject({ tracing: null, sendTraceparent: false });
    for (const env of [
      { OTEL_EXPORTER_OTLP_ENDPOINT },
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' },
      { OTEL_TRACES_EXPORTER: 'otlp' },
    ]) {
      expect(readWorkerConfig({ ...good, ...env }).tracing).toEqual(traced);
    }
    expect(readWorkerConfig({ ...good, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }).tracing).toBeNull();
    const sampled = {
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.05',
      OTEL_BSP_SCHEDULE_DELAY: '1000',
    };
    expect(readWorkerConfig({ ...good, OTEL_EXPORTER_OTLP_ENDPOINT, ...sampled }).tracing).toEqual({
      protocol: 'http/protobuf',
      sampler: 'parentbased_traceidratio',
      ratio: 0.05,
      scheduleDelayMs: 1000,
    });
    for (const [name, value] of [
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
      ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/xml'],
      ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'udp'],
      ['OTEL_TRACES_EXPORTER', 'zipkin'],
      ['OTEL_TRACES_SAMPLER', 'sometimes'],
      ['OTEL_TRACES_SAMPLER_ARG', '5'],
      ['OTEL_BSP_SCHEDULE_DELAY', '0'],
      ['SEND_TRACEPARENT', 'yes'],
    ] as const) {
      expect(() => readWorkerConfig({ ...good, OTEL_EXPORTER_OTLP_ENDPOINT, [name]: value })).toThrow(`${name} must be`);
    }
  });

  test('sends traces over the protocol that is named, and rather over the one for traces', () => {
    const read = (env: object) => readWorkerConfig({ ...good, OTEL_TRACES_EXPORTER: 'otlp', ...env }).tracing?.protocol;
    for (const OTEL_EXPORTER_OTLP_PROTOCOL of ['http/protobuf', 'http/json', 'grpc']) {
      expect(read({ OTEL_EXPORTER_OTLP_PROTOCOL })).toBe(OTEL_EXPORTER_OTLP_PROTOCOL);
      expect(read({ OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' })).toBe('grpc');
    }
  });

  test('warns of unsupported values of OpenTelemetry, and starts, while nothing is traced', () => {
    const unsupported = {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/xml',
      OTEL_TRACES_EXPORTER: 'console,zipkin',
      OTEL_TRACES_SAMPLER: 'jaeger_remote',
      OTEL_TRACES_SAMPLER_ARG: 'endpoint=http://collector:14250',
      OTEL_BSP_SCHEDULE_DELAY: '0',
    };
    const off = readWorkerConfig({ ...good, ...unsupported });
    expect(off.tracing).toBeNull();
    expect(off.notices).toHaveLength(5);
    expect(off.notices.join()).not.toContain('14250');
    for (const name of Object.keys(unsupported))
      expect(off.notices).toContainEqual(
        expect.stringMatching(new RegExp(`^${name} is ignored, since nothing is traced: it must be `)),
      );
    const none = { ...unsupported, OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317', OTEL_TRACES_EXPORTER: 'none' };
    expect(readWorkerConfig({ ...good, ...none })).toMatchObject({ tracing: null });
    expect(readWorkerConfig({ ...good, OTEL_TRACES_SAMPLER: 'always_on' }).notices).toEqual([]);
    expect(() => readWorkerConfig({ ...good, ...unsupported, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' })).toThrow(
      'OTEL_TRACES_SAMPLER must be',
    );
  });

  test('traces nothing with OTEL_SDK_DISABLED=true, whatever the other variables of OpenTelemetry say', () => {
    const env = { ...good, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_TRACES_EXPORTER: 'otlp' };
    const read = (OTEL_SDK_DISABLED: string, more: object = {}) => readWorkerConfig({ ...env, OTEL_SDK_DISABLED, ...more });
    for (const value of ['true', 'TRUE', 'True', ' true']) {
      expect(read(value)).toMatchObject({ tracing: null, notices: [] });
      // Of unsupported values it warns, as without an endpoint.
      expect(read(value, { OTEL_TRACES_SAMPLER: 'jaeger_remote' })).toMatchObject({
        tracing: null,
        notices: [expect.stringMatching(/^OTEL_TRACES_SAMPLER is ignored/)],
      });
    }
    for (const value of ['', 'false', 'False']) expect(read(value)).toMatchObject({ tracing: expect.anything(), notices: [] });
    // The specification: any other value is false, and warned of.
    for (const value of ['1', 'yes', 'on']) {
      expect(read(value)).toMatchObject({
        tracing: expect.anything(),
        notices: ['OTEL_SDK_DISABLED must be true or false: its value counts as false.'],
      });
    }
  });

  test('accepts the nodes of a Redis Cluster, and a prefix that keeps its keys on one node', () => {
    const REDIS_URL = 'redis://:pw@a:6379,redis://:pw@b:6379';
    expect(readWorkerConfig({ ...good, REDIS_URL, REDIS_PREFIX: '{music}' })).toMatchObject({
      redisUrl: REDIS_URL,
      prefix: '{music}',
    });
    expect(() => readWorkerConfig({ ...good, REDIS_URL: 'redis://:pw@a,redis://:hunter2@b' })).toThrow(
      'REDIS_URL is wrong: the nodes of a Redis Cluster must have the same protocol, user and password',
    );
    expect(() => readWorkerConfig({ ...good, REDIS_URL, REDIS_PREFIX: 'music' })).toThrow(
      'REDIS_PREFIX must be a name in braces',
    );
  });

  test.each([
    ['DATABASE_URL', 'postgresql://tidings:hun/ter2@db:5432/tidings'],
    ['DATABASE_URL', 'postgresql://tidings:hunter2%@db:5432/tidings'],
    ['DATABASE_URL', 'postgresql://tidings:hunter#2@db:5432/tidings'],
    ['OUTBOX_DATABASE_URLS', 'postgresql://u:hunter2%@db/one'],
    ['REDIS_URL', 'redis://:hunter2%@redis:6379'],
    ['REDIS_URL', 'redis+sentinel://:hun/ter2@a:26379,b:26379/mymaster'],
    ['EGRESS_PROXY', 'http://user:hunter2%@proxy:3128'],
  ])('says in one line that a password in %s must be percent-encoded, without the password', (name, value) => {
    let message = '';
    try {
      readWorkerConfig({ ...good, [name]: value });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(new RegExp(`^The configuration has mistakes:\n  - ${name} .*percent-encoded.*$`));
    expect(message).not.toContain('hun');
  });

  test('refuses a REDIS_URL whose database is no number, and accepts Sentinels', () => {
    expect(() => readWorkerConfig({ ...good, REDIS_URL: 'redis://redis:6379/abc' })).toThrow(
      'REDIS_URL is wrong: what follows the host must be the number of a database',
    );
    const REDIS_URL = 'redis+sentinel://:pw@a:26379,b:26379/mymaster/0';
    expect(readWorkerConfig({ ...good, REDIS_URL }).redisUrl).toBe(REDIS_URL);
  });

  test('reports every mistake at once, without repeating a value', () => {
    const wrong = {
      DATABASE_URL: 'mysql://root:hunter2@db/x',
      WORKER_CONCURRENCY: '0',
      DELIVERY_JITTER: '2',
      SECRETS_KEYS: 'a:c2hvcnQ=',
      EGRESS_ALLOW_CIDRS: 'lan',
    };
    let message = '';
    try {
      readWorkerConfig(wrong);
    } catch (error) {
      message = (error as Error).message;
    }
    for (const name of ['DATABASE_URL', 'WORKER_CONCURRENCY', 'DELIVERY_JITTER', 'SECRETS_KEYS', 'EGRESS_ALLOW_CIDRS']) {
      expect(message).toContain(name);
    }
    expect(message).toContain('REDIS_URL is missing');
    expect(message).not.toContain('hunter2');
  });
});
