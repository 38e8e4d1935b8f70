import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { createMachineKeys } from '@tidings/config';
import { acceptEvents, openDatabase, type Database } from '@tidings/database';
import { catalog, createPublisher, EVENTS_QUEUE, extractionStarted, syncFailed, type Publishable } from '@tidings/events';
import { DELIVERIES_QUEUE, EXPANSIONS_QUEUE, openQueues, TESTS_QUEUE } from '@tidings/queue';
import { createSeal, parseSealKeys, sealedFor } from '@tidings/secrets';
import { freePort } from '@tidings/local';
import {
  createTestDatabase,
  createTestRedis,
  eventually,
  handlesOpenedSince,
  openHandles,
  type TestDatabase,
  type TestRedis,
} from '@tidings/testing';
import { composeWorker, type Worker } from './compose.js';
import { readWorkerConfig, type WorkerConfig } from './config.js';

const { SECRETS_KEYS } = createMachineKeys();

let testDatabase: TestDatabase;
let database: Database;
let redis: TestRedis;
let handles: string[];
let logged: string;
beforeEach(async () => {
  [testDatabase, redis] = [await createTestDatabase(), createTestRedis()];
  database = openDatabase({ url: testDatabase.url, maxConnections: 1 });
  await database.pool.query('SELECT 1');
  await redis.client.ping();
  handles = openHandles();
  logged = '';
});
afterEach(async () => {
  await redis.drop();
  await database.close();
  await testDatabase.drop();
});

const compose = (more: Partial<WorkerConfig> = {}): Promise<Worker> => {
  const config = readWorkerConfig({
    DATABASE_URL: testDatabase.url,
    REDIS_URL: redis.url,
    REDIS_PREFIX: redis.prefix,
    SECRETS_KEYS,
    EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'warn',
  });
  const logStream = new Writable({
    write(line: Buffer, _encoding, done) {
      logged += line.toString();
      done();
    },
  });
  return composeWorker({ ...config, ...more }, { logStream });
};
const waitForNoOpenHandles = () =>
  eventually(() => {
    expect(handlesOpenedSince(handles)).toEqual([]);
  });
const statuses = async () => (await database.prisma.delivery.findMany()).map(({ status }) => status);

/** Starts a receiver that answers 200 when it is released, and registers it as a webhook of alice; or as several. */
async function startReceiver(webhooks = 1) {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume();
    void released.then(() => response.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ids = Array.from({ length: webhooks }, (_, index) => `wh_01a20f72-bf62-73aa-bf71-${String(index).padStart(12, '0')}`);
  const seal = createSeal(parseSealKeys(SECRETS_KEYS));
  await database.prisma.webhook.createMany({
    data: ids.map((id) => ({
      id,
      owner: 'alice',
      url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
      eventTypes: ['*'],
      sealedSecret: new Uint8Array(seal.seal(`whsec_${Buffer.alloc(32, 1).toString('base64')}`, sealedFor.secret(id))),
      maxInFlight: 10,
    })),
  });
  return {
    release,
    requests: () => requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
const failure = () => syncFailed({ user_id: 'alice', error_message: 'gone' });
async function publish(...events: Publishable[]): Promise<void> {
  const publisher = createPublisher({ redis: redis.url, prefix: redis.prefix });
  await publisher.publish(events.length > 0 ? events : [failure()]);
  await publisher.close();
}

describe('a worker', () => {
  test('may be stopped twice, and leaves no open handle', async () => {
    const worker = await compose();
    await worker.start();
    await Promise.all([worker.stop(), worker.stop()]);
    await worker.stop();
    await waitForNoOpenHandles();
  });

  test('leaves no open handle when it was composed and never started', async () => {
    const worker = await compose();
    await worker.stop();
    await waitForNoOpenHandles();
  });

  test('cannot start where its health port is taken, and stops all the same', async () => {
    const taken = createServer().listen(0);
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const worker = await compose({ healthServer: { host: '::', port } });
    await expect(worker.start()).rejects.toThrow(`Port ${String(port)} (HEALTH_PORT) is taken`);
    await worker.stop();
    await new Promise((resolve) => taken.close(resolve));
    await waitForNoOpenHandles();
  });
});

describe('a worker that stops', () => {
  test('takes no new job, records the attempt in flight, and closes PostgreSQL and Redis last', async () => {
    const receiver = await startReceiver();
    const worker = await compose();
    await worker.start();
    await publish();
    await eventually(() => {
      expect(receiver.requests()).toBe(1);
    });
    let hasStopped = false;
    const stopped = worker.stop().then(() => (hasStopped = true));
    await publish();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect({ hasStopped, requests: receiver.requests(), statuses: await statuses() }).toEqual({
      hasStopped: false,
      requests: 1,
      statuses: ['pending'],
    });
    receiver.release();
    await stopped;
    expect(await statuses()).toEqual(['succeeded']);
    expect(logged.split('\n').filter((line) => line !== '' && !line.includes('EGRESS_ALLOW_CIDRS'))).toEqual([]);
    await receiver.stop();
    await waitForNoOpenHandles();
  });
});

describe('an event that more webhooks match than its commit writes deliveries for', () => {
  const WEBHOOKS = 150;
  const everyone = extractionStarted({ version: '1', entity_types: [] });
  const isExpanding = async () => (await database.pool.query('SELECT FROM expansions')).rows.length > 0;

  test('is expanded and delivered to each of them once', async () => {
    const receiver = await startReceiver(WEBHOOKS);
    receiver.release();
    const workers = [await compose(), await compose()];
    await Promise.all(workers.map((worker) => worker.start()));
    await publish(everyone);
    await eventually(async () => {
      expect(await statuses()).toEqual(Array<string>(WEBHOOKS).fill('succeeded'));
    });
    expect(receiver.requests()).toBe(WEBHOOKS);
    expect(await isExpanding()).toBe(false);
    await Promise.all(workers.map((worker) => worker.stop()));
    await receiver.stop();
  });

  test('is expanded also when Redis lost the job that calls a worker', async () => {
    const receiver = await startReceiver(WEBHOOKS);
    receiver.release();
    await acceptEvents(database.pool, [catalog.validate([everyone])], {
      patterns: new Map([[everyone.type, ['*']]]),
      wakeAfterMs: 15_000,
    });
    expect(await isExpanding()).toBe(true);
    const worker = await compose();
    await worker.start();
    await eventually(async () => {
      expect(await statuses()).toEqual(Array<string>(WEBHOOKS).fill('succeeded'));
    });
    await worker.stop();
    await receiver.stop();
  });
});

test('the line start of a webhook with many deliveries follows them', async () => {
  const receiver = await startReceiver();
  receiver.release();
  const worker = await compose();
  await worker.start();
  for (let count = 0; count < 25; count += 1) await publish();
  await eventually(async () => {
    const { rows } = await database.pool.query<{ behind: number }>(`
      SELECT count(*)::int AS behind FROM line_starts JOIN events ON events.position < line_starts.position`);
    expect(rows[0]?.behind).toBeGreaterThanOrEqual(20);
  });
  await worker.stop();
  await receiver.stop();
});

describe('a worker whose periodic tasks wait for a lock on every connection that they may use', () => {
  const LOCK = 1;

  /** Lets three periodic tasks wait for the lock: the reconciler, notifying the owner of a disabled webhook, and partition maintenance. */
  async function letPeriodicTasksWait(): Promise<void> {
    await database.pool.query(`
      CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$ BEGIN
        PERFORM pg_advisory_xact_lock_shared(${String(LOCK)});
        RETURN NEW;
      END $$;
      CREATE TRIGGER wait_for_test BEFORE UPDATE ON pending_deliveries FOR EACH ROW
        WHEN (OLD.webhook_id = 'wh_disabled') EXECUTE FUNCTION wait_for_test();
      CREATE TRIGGER wait_for_test BEFORE UPDATE OF disabled_notified_at ON webhooks FOR EACH ROW EXECUTE FUNCTION wait_for_test();
      CREATE TRIGGER wait_for_test BEFORE DELETE ON idempotency_keys EXECUTE FUNCTION wait_for_test();
      INSERT INTO webhooks (id, owner, url, event_types, sealed_secret, max_in_flight, enabled, disabled_reason, disabled_at, updated_at)
      VALUES ('wh_disabled', 'bob', 'http://127.0.0.1:1/', '{*}', '', 1, false, 'failing', now(), now());
      INSERT INTO events (id, position, type, owner, data, timestamp, accepted_at)
      VALUES ('evt_overdue', nextval('events_position_seq'), 'sync.failed', 'bob', '{}', now(), now());
      INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, status, created_at)
      SELECT new_delivery_id(now()), id, position, 'wh_disabled', 'bob', type, 'pending', now() FROM events;
      INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, next_attempt_at, wake_at)
      SELECT deliveries.id, webhook_id, generation, event_position, now(), 'admitted', now(), now()
      FROM deliveries JOIN webhooks ON webhooks.id = webhook_id`);
  }
  /** Reads whether the reconciler has woken the delivery, and the owner was notified. */
  async function readDone() {
    const { rows } = await database.pool.query<Record<'reconciled' | 'notified', boolean>>(`
      SELECT NOT EXISTS (SELECT FROM pending_deliveries WHERE webhook_id = 'wh_disabled' AND wake_at <= now()) AS reconciled,
        disabled_notified_at IS NOT NULL AS notified
      FROM webhooks WHERE id = 'wh_disabled'`);
    return rows[0];
  }
  /** Reads how many connections each pool of the worker has. */
  async function readConnections(port: number): Promise<Map<string, number>> {
    const text = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
    const series = text.matchAll(/^tidings_database_pool_max_connections\{pool="(\w+)"\} (\d+)$/gm);
    return new Map([...series].map(([, pool = '', connections]) => [pool, Number(connections)]));
  }

  test('accepts events and delivers them, and continues with the tasks when the lock is free', async () => {
    const receiver = await startReceiver();
    receiver.release();
    await letPeriodicTasksWait();
    const holder = openDatabase({ url: testDatabase.url, maxConnections: 1 });
    await holder.pool.query(`SELECT pg_advisory_lock(${String(LOCK)})`);
    const healthPort = await freePort();
    // A statement that waits for longer than a test would be cancelled.
    const worker = await compose({
      databasePool: 3,
      healthServer: { host: '127.0.0.1', port: healthPort },
      reconcileIntervalMs: 100,
      timeoutMs: 10_000,
    });
    await worker.start();
    try {
      const connections = await readConnections(healthPort);
      await eventually(async () => {
        const { rowCount: blocked } = await database.pool.query(
          "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND (classid, objid) = (0, $1)",
          [LOCK],
        );
        expect(blocked).toBe(connections.get('periodic'));
      });
      // At once: the periodic tasks may wait for no longer than ten seconds.
      await publish(...Array.from({ length: 20 }, failure));
      await eventually(async () => {
        expect((await statuses()).filter((status) => status === 'succeeded')).toHaveLength(20);
      });
      expect(await readDone()).toEqual({ reconciled: false, notified: false });
      await holder.pool.query(`SELECT pg_advisory_unlock(${String(LOCK)})`);
      await eventually(async () => {
        expect(await readDone()).toEqual({ reconciled: true, notified: true });
      });
      expect(logged).not.toContain('statement timeout');
      expect(Object.fromEntries(connections)).toEqual({ delivering: 1, accepting: 1, periodic: 1 });
    } finally {
      await holder.close();
      await worker.stop();
      await receiver.stop();
    }
  });
});

describe('a job that anyone who reaches Redis may write', () => {
  const DELIVERY_ID = 'dlv_01a20f72-bf62-73aa-bf71-cc66b4490a07';
  const JOBS_OF_QUEUES: Record<string, unknown[]> = {
    [DELIVERIES_QUEUE]: [{ id: `${DELIVERY_ID}\0` }, { id: [DELIVERY_ID, [DELIVERY_ID]] }, { id: {} }, {}, null],
    [EVENTS_QUEUE]: [
      { id: 'evt_1\0', type: 'sync.failed', data: '{"user_id":"alice","error_message":"gone"}' },
      {
        id: 'evt_1',
        type: 'sync.failed',
        timestamp: '2026-01-01T00:00:00Z',
        data: '{"user_id":"alice\\u0000","error_message":""}',
      },
      null,
    ],
    [EXPANSIONS_QUEUE]: [{ position: '7\0' }, { position: [7] }, { position: 0.5 }, {}, null],
    [TESTS_QUEUE]: [{ webhookId: 'wh_1\0', owner: 'alice\0', eventId: 'evt_1\0' }, null],
  };

  test.each(Object.keys(JOBS_OF_QUEUES))('in the queue "%s" fails no statement of the others', async (name) => {
    const receiver = await startReceiver();
    receiver.release();
    const queues = openQueues({ redis: redis.client, prefix: redis.prefix });
    const queue = queues.find((one) => one.name === name) as (typeof queues)[number];
    const jobs = JOBS_OF_QUEUES[name] as unknown[];
    for (const [index, data] of jobs.entries())
      await queue.add('job', data, { jobId: `nul-\0-${String(index)}`, removeOnComplete: true, attempts: 1000 });
    for (let count = 0; count < 20; count += 1) await publish();
    // The worker starts with a full queue, so that jobs share statements.
    const worker = await compose();
    await worker.start();
    try {
      await eventually(async () => {
        expect(await statuses()).toEqual(Array<string>(20).fill('succeeded'));
        expect(await queue.getJobCountByTypes('waiting', 'prioritized', 'delayed', 'active')).toBe(0);
      });
    } finally {
      await worker.stop();
    }
    const lines = logged.split('\n').filter((line) => line !== '' && !line.includes('EGRESS_ALLOW_CIDRS'));
    const messages = lines.map((line) => (JSON.parse(line) as { message: string }).message);
    expect(messages).toHaveLength(jobs.length);
    for (const message of messages) expect(message).toMatch(/is dropped\.|stays in the failed set/);
    await Promise.all(queues.map((one) => one.close()));
    await receiver.stop();
  });
});
