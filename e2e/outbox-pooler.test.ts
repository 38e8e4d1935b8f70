import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectToOutbox } from '@tidings/database';
import { createOutbox, createOutboxRelay, outboxTable, syncFailed } from '@tidings/events';
import { createTestDatabase, eventually, type TestDatabase } from '@tidings/testing';
import { PGBOUNCER, startPgbouncer, type Pgbouncer } from './harness/pgbouncer.js';
import { describeWith } from './harness/programs.js';
import { startTidings } from './harness/tidings.js';

const NEVER_MS = 3_600_000;
const CLIENTS = 5;
const SYNCS = 12;

let database: TestDatabase;
let pgbouncer: Pgbouncer | undefined;
beforeAll(async () => {
  database = await createTestDatabase('empty');
  await (await database.connect()).query(`${outboxTable()}; CREATE TABLE syncs (id text PRIMARY KEY)`);
  // Two relays and five services share three connections.
  if (PGBOUNCER !== undefined) pgbouncer = await startPgbouncer(database.url);
});
afterAll(async () => {
  await pgbouncer?.stop();
  await database.drop();
});

const outbox = createOutbox();
const pooledUrl = (): string => pgbouncer?.url ?? '';
const event = (id: string) => syncFailed({ user_id: 'alice', error_message: '' }, { id });

/** A service that publishes in its own transactions, of which every third is rolled back. Returns the ids that it committed. */
async function publishSyncs(name: string): Promise<string[]> {
  const service = await database.connect(pooledUrl());
  const committed: string[] = [];
  for (let number = 0; number < SYNCS; number += 1) {
    const id = `${name}-${String(number)}`;
    const isCommitted = number % 3 !== 0;
    await service.query('BEGIN');
    await service.query('INSERT INTO syncs VALUES ($1)', [id]);
    await outbox.publish(service, event(id));
    await service.query(isCommitted ? 'COMMIT' : 'ROLLBACK');
    if (isCommitted) committed.push(id);
  }
  return committed;
}

/** A relay that collects what it moves. */
function startRelay(url: string, pollMs: number) {
  const moved: string[] = [];
  const warnings: object[] = [];
  const warn = (message: string, details: object): void => void warnings.push({ message, details });
  const relay = createOutboxRelay({
    connect: () => connectToOutbox(url),
    publish: (events) => {
      moved.push(...events.flatMap(({ id }) => id ?? []));
      return Promise.resolve();
    },
    log: { warn, error: warn },
    pollMs,
  });
  relay.start();
  return { moved, warnings, stop: () => relay.stop() };
}

describeWith({ pgbouncer: PGBOUNCER }, 'an outbox behind PgBouncer in transaction mode', () => {
  test('is relayed by the workers: committed events once and in order, rolled-back ones never', async () => {
    const url = new URL(pooledUrl());
    url.searchParams.set('pgbouncer', 'true');
    const tidings = await startTidings({ workers: 2, env: { OUTBOX_DATABASE_URLS: url.href } });
    const alice = tidings.asUser('alice');
    const stream = await alice.follow();
    const names = Array.from({ length: CLIENTS }, (_, index) => `service${String(index)}`);
    const committed = await Promise.all(names.map(publishSyncs));
    await stream.waitFor(committed.flat().length);
    for (const [index, name] of names.entries()) {
      expect(stream.ids().filter((id) => id.startsWith(`${name}-`))).toEqual(committed[index]);
    }
    expect([...(await alice.eventLog())].sort()).toEqual(committed.flat().sort());
    const observer = await database.connect();
    // A relay removes events after it has published them.
    await eventually(async () => {
      expect((await observer.query('SELECT 1 FROM tidings.outbox')).rows).toEqual([]);
    });
    await tidings.stop();
    // A pooler would hand on the connection that listens: such a relay only polls.
    const connection = await connectToOutbox(url.href);
    expect(connection.on).toBeUndefined();
    await connection.end();
  });

  test('is relayed at once by a relay with a connection of its own: the pooled commit notifies it', async () => {
    const relay = startRelay(database.url, NEVER_MS);
    const service = await database.connect(pooledUrl());
    for (const id of ['direct-1', 'direct-2', 'direct-3']) {
      await service.query('BEGIN');
      await outbox.publish(service, event(id));
      await service.query('COMMIT');
      // Without the notification the relay would look again in an hour.
      await eventually(() => {
        expect(relay.moved).toContain(id);
      });
    }
    expect(relay.moved).toEqual(['direct-1', 'direct-2', 'direct-3']);
    await relay.stop();
    expect(relay.warnings).toEqual([]);
  });

  test('is relayed through the pooler also without pgbouncer=true, by polls', async () => {
    const relay = startRelay(pooledUrl(), 50);
    const committed = await publishSyncs('unnamed');
    await eventually(() => {
      expect(relay.moved).toEqual(committed);
    });
    await relay.stop();
    expect(relay.warnings).toEqual([]);
  });
});
