import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createAccept,
  createChangeEventTypes,
  createEventTypes,
  inputOf,
  openEventTypes,
  type Accept,
  type EventTypes,
} from '@tidings/accept';
import { connectToOutbox, openDatabase, readEvents, type Database } from '@tidings/database';
import { catalog, createOutbox, createOutboxRelay, outboxTable, syncFailed, type OutboxRelay } from '@tidings/events';
import { createFaultProxy, createTestDatabase, eventually, type FaultProxy, type TestDatabase } from '@tidings/testing';
import { createAcceptRelayed } from './accept-relayed.js';

let tidingsDatabase: TestDatabase;
let serviceDatabase: TestDatabase;
let tidings: Database;
let service: Database;
let proxy: FaultProxy;
let relay: OutboxRelay | undefined;
/** The rounds that failed. */
let warnings: number;
/** The id and status of every event that the relay accepted, in order. */
let accepted: string[];
let accept: Accept;
let eventTypes: EventTypes;

beforeAll(async () => {
  [tidingsDatabase, serviceDatabase] = await Promise.all([createTestDatabase(), createTestDatabase('empty')]);
  tidings = openDatabase({ url: tidingsDatabase.url });
  service = openDatabase({ url: serviceDatabase.url });
  // Hostile time limits, which hold until a round has set its own, would make the machine's speed decide.
  for (const limit of ['statement_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout'])
    await service.pool.query(`ALTER DATABASE ${new URL(serviceDatabase.url).pathname.slice(1)} RESET ${limit}`);
  await service.pool.query(outboxTable());
  await service.pool.query('CREATE TABLE syncs (id int PRIMARY KEY)');
  eventTypes = createEventTypes(tidings.pool);
  const shipped = catalog.describe().map(inputOf);
  const log = { info: () => undefined, warn: () => undefined };
  const change = createChangeEventTypes(tidings.pool, eventTypes);
  await openEventTypes({ eventTypes, change, log }, { configured: undefined, shipped });
});
afterAll(async () => {
  await Promise.all([tidings.close(), service.close()]);
  await Promise.all([tidingsDatabase.drop(), serviceDatabase.drop()]);
});
beforeEach(async () => {
  await tidings.pool.query('TRUNCATE events, deliveries, pending_deliveries, expansions');
  await service.pool.query('TRUNCATE syncs, tidings.outbox');
  proxy = await createFaultProxy(serviceDatabase.url);
  warnings = 0;
  accepted = [];
  const withLog = createAccept({
    sql: tidings.pool,
    queue: { enqueue: () => Promise.resolve(), line: { length: () => 0, read: () => Promise.resolve(0), add: () => undefined } },
    expansions: { enqueue: () => Promise.resolve() },
    redis: { publish: () => Promise.resolve() },
    prefix: '{test}',
    log: { debug: () => undefined, warn: () => undefined },
  });
  accept = Object.assign(
    async (events: Parameters<Accept>[0]) => {
      const answer = await withLog(events);
      accepted.push(...answer.map(({ id, status }) => `${id} ${status}`));
      return answer;
    },
    { idle: withLog.idle },
  );
});
afterEach(async () => {
  await relay?.stop();
  await proxy.disconnect();
});

const outbox = createOutbox();
const failed = (id: string, message = 'gone') => syncFailed({ user_id: 'alice', error_message: message }, { id });
const logged = async () => (await readEvents(tidings.pool, { after: 0, limit: 1000 })).events.map(({ id }) => id);
const remaining = async () => (await service.pool.query('SELECT id, error FROM tidings.outbox ORDER BY position')).rows;
const start = (publish = createAcceptRelayed({ accept, eventTypes })) => {
  const log = { warn: () => void (warnings += 1), error: () => undefined };
  relay = createOutboxRelay({ connect: () => connectToOutbox(proxy.url), publish, log, pollMs: 50 });
  relay.start();
};

describe('an event of an outbox', () => {
  test('is in the log if and only if the transaction of the service was committed (here with Prisma)', async () => {
    start();
    const sync = (id: number, fail: boolean) =>
      service.prisma.$transaction(async (transaction) => {
        await transaction.$executeRaw`INSERT INTO syncs VALUES (${id})`;
        await outbox.publish((text, values) => transaction.$executeRawUnsafe(text, ...values), failed(`sync-${String(id)}`));
        if (fail) throw new Error('The service rolls back.');
      });
    await sync(1, false);
    await expect(sync(2, true)).rejects.toThrow('rolls back');
    await sync(3, false);
    await eventually(async () => {
      expect(await remaining()).toEqual([]);
    });
    expect(await logged()).toEqual(['sync-1', 'sync-3']);
    expect((await service.pool.query('SELECT id FROM syncs ORDER BY id')).rows).toEqual([{ id: 1 }, { id: 3 }]);
  });

  test('is in the log once, although the relay breaks off between accepting and deleting', async () => {
    const acceptRelayed = createAcceptRelayed({ accept, eventTypes });
    let breaks = true;
    await outbox.publish(service.pool.query.bind(service.pool), [failed('a'), failed('b')]);
    start(async (events) => {
      await acceptRelayed(events);
      if (breaks) {
        await proxy.disconnect();
        await proxy.restore();
      }
      breaks = false;
    });
    await eventually(async () => {
      expect(await remaining()).toEqual([]);
    });
    expect(await logged()).toEqual(['a', 'b']);
    expect(accepted).toEqual(['a accepted', 'b accepted', 'a repeated', 'b repeated']);
    expect(warnings).toBe(1);
  });

  test('stays with the reason when it is invalid or has the id of another event; the others are accepted', async () => {
    await accept(catalog.validate([failed('taken')]));
    const run = service.pool.query.bind(service.pool);
    await outbox.publish(run, [failed('a'), failed('taken', 'another'), failed('b')]);
    await run(`INSERT INTO tidings.outbox (id, type, data) VALUES
      ('unknown', 'sync.unknown', '{}'), ('own', 'webhook.disabled', '{}'), ('wrong', 'sync.failed', '{"user_id":1}')`);
    await outbox.publish(run, failed('c'));
    start();
    await eventually(async () => {
      expect(await remaining()).toEqual([
        { id: 'taken', error: expect.stringContaining('same id and other content') },
        { id: 'unknown', error: expect.stringContaining('type: "sync.unknown" is no event type') },
        { id: 'own', error: expect.stringContaining('is published by Tidings itself') },
        { id: 'wrong', error: expect.stringMatching(/^data\.error_message: .*; data\.user_id: /) },
      ]);
    });
    expect(await logged()).toEqual(['taken', 'a', 'b', 'c']);
    expect(warnings).toBe(0);
  });

  test('waits while the database of the log is away, and is not rejected', async () => {
    let away = true;
    const acceptRelayed = createAcceptRelayed({
      accept: Object.assign(
        (events: Parameters<Accept>[0]) => (away ? Promise.reject(new Error('The database is away.')) : accept(events)),
        { idle: accept.idle },
      ),
      eventTypes,
    });
    await outbox.publish(service.pool.query.bind(service.pool), failed('a'));
    start(acceptRelayed);
    await eventually(() => {
      expect(warnings).toBeGreaterThan(0);
    });
    expect(await remaining()).toEqual([{ id: 'a', error: null }]);
    away = false;
    await eventually(async () => {
      expect(await logged()).toEqual(['a']);
    });
  });
});
