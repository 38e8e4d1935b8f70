import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createOutbox, createOutboxRelay, outboxTable, publishOverHttp, syncFailed } from '@tidings/events';
import { freePort } from '@tidings/local';
import { createFaultProxy, createTestDatabase, eventually, type FaultProxy, type TestDatabase } from '@tidings/testing';
import { startReceiver } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';

const SYNCS = 60;

let database: TestDatabase;
let proxy: FaultProxy;
let tidings: Tidings;
beforeAll(async () => {
  database = await createTestDatabase('empty');
  proxy = await createFaultProxy(database.url);
  tidings = await startTidings({
    env: { OUTBOX_DATABASE_URLS: proxy.url },
    workers: 0,
  });
});
afterAll(async () => {
  await tidings.stop();
  await proxy.disconnect();
  await database.drop();
});

test("delivers committed events and no rolled-back ones, also after a worker's death and an outage of the service's database", async () => {
  const [alice, bob] = [tidings.asUser('alice'), tidings.asUser('bob')];
  const receiver = await startReceiver();
  await bob.register(receiver);
  const stream = await alice.follow();
  const outbox = createOutbox();

  // The workers start before the outbox table exists.
  const healthPort = String(await freePort());
  const killed = await tidings.startWorker();
  await tidings.startWorker({ HEALTH_PORT: healthPort });
  await killed.waitFor('There is no tidings.outbox in that database');
  const service = await database.connect();
  await service.query(outboxTable());
  await service.query('CREATE TABLE syncs (id text PRIMARY KEY)');

  const sync = async (id: string, end: 'COMMIT' | 'ROLLBACK', owner = 'alice') => {
    await service.query('BEGIN');
    await service.query('INSERT INTO syncs VALUES ($1)', [id]);
    await outbox.publish(service, syncFailed({ user_id: owner, error_message: '' }, { id }));
    await service.query(end);
  };
  for (let number = 0; number < SYNCS; number += 1) {
    await sync(`sync-${String(number)}`, number % 3 === 0 ? 'ROLLBACK' : 'COMMIT');
    if (number === SYNCS / 2) await killed.stop('SIGKILL');
  }

  const { rows } = await service.query<{ id: string }>('SELECT id FROM syncs');
  const committed = rows.map(({ id }) => id).sort((one, other) => Number(one.slice(5)) - Number(other.slice(5)));
  await stream.waitFor(committed.length);
  expect(stream.ids()).toEqual(committed);

  await proxy.disconnect();
  await sync('sync-during-outage', 'COMMIT', 'bob');
  const ready = await fetch(`http://127.0.0.1:${healthPort}/readyz`);
  expect({ status: ready.status, body: await ready.json() }).toMatchObject({ status: 200 });
  await proxy.restore();
  await receiver.waitFor(1);

  expect(await alice.eventLog()).toEqual(committed);
  expect(await bob.eventLog()).toEqual(['sync-during-outage']);
  expect(receiver.counts()).toEqual({ 'sync-during-outage': 1 });
  const metrics = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text();
  expect(metrics).toMatch(/^tidings_outbox_events_total\{outbox="127\.0\.0\.1:\d+\/test_\w+",outcome="relayed"\} \d+$/m);
});

test('relays the outbox of a service over HTTP', async () => {
  const carol = tidings.asUser('carol');
  const publisher = tidings.asUser('service', 'events:publish');
  const serviceDatabase = await createTestDatabase('empty');
  const service = await serviceDatabase.connect();
  await service.query(outboxTable());
  const outbox = createOutbox();
  // More than one request may contain.
  const text = 'x'.repeat(4096);
  const ids = Array.from({ length: 300 }, (_, index) => `large-${String(index)}`);
  await publisher.publish(syncFailed({ user_id: 'carol', error_message: '' }, { id: 'used-id' }));
  await outbox.publish(
    service,
    [...ids, 'used-id'].map((id) => syncFailed({ user_id: 'carol', error_message: text }, { id })),
  );
  await service.query("INSERT INTO tidings.outbox (id, type, data) VALUES ('unknown', 'sync.unknown', '{}')");

  const relay = createOutboxRelay({
    connect: () => serviceDatabase.connect(),
    publish: publishOverHttp({ url: tidings.url, token: publisher.token }),
    log: { warn: () => undefined, error: () => undefined },
  });
  relay.start();
  await eventually(async () => {
    expect((await service.query('SELECT id, error FROM tidings.outbox ORDER BY position')).rows).toEqual([
      { id: 'used-id', error: expect.stringMatching(/^Another event, with another type or other data, has this id\./) },
      { id: 'unknown', error: expect.stringMatching(/^type: .* is no event type/) },
    ]);
  });
  await relay.stop();
  expect(await carol.eventLog()).toEqual(['used-id', ...ids]);
  await serviceDatabase.drop();
});
