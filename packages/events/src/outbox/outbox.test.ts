import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { createCatalog } from '../catalog.js';
import { gapsUpdated } from '../catalog/gaps.js';
import type { EventDraft } from '../event.js';
import { syncCompleted, syncFailed } from '../catalog/sync.js';
import { createOutbox } from './outbox.js';
import { outboxTable } from './outbox-table.js';
import { orderPlaced1, orderPlaced2, versionedCatalog } from '../../test/versioned-catalog.js';

type Client = Awaited<ReturnType<TestDatabase['connect']>>;

let database: TestDatabase;
let client: Client;
beforeAll(async () => {
  database = await createTestDatabase('empty');
  client = await database.connect();
  await client.query(outboxTable());
  await client.query('CREATE TABLE syncs (id int PRIMARY KEY)');
});
beforeEach(async () => {
  await client.query('TRUNCATE syncs, tidings.outbox');
});
afterAll(() => database.drop());

const outbox = createOutbox();
const failed = (id?: string) => syncFailed({ user_id: 'alice', error_message: 'gone' }, id === undefined ? {} : { id });
const waiting = async () => (await client.query<{ id: string }>('SELECT id FROM tidings.outbox ORDER BY position')).rows;

describe('an event in an outbox', () => {
  test('is written when the transaction commits, with the same fields as a published event', async () => {
    await client.query('BEGIN');
    await client.query('INSERT INTO syncs VALUES (1)');
    const { id } = await outbox.publish(
      client,
      syncCompleted(
        { user_id: 'alice', items_synced: 150, errors: 0, duration_s: 12.4 },
        { timestamp: '2026-03-01T01:30:00+02:00' },
      ),
    );
    await client.query('COMMIT');
    const { rows } = await client.query('SELECT id, type, timestamp, data::text, rejected_at, error FROM tidings.outbox');
    expect(rows).toEqual([
      {
        id,
        type: 'sync.completed',
        timestamp: new Date('2026-02-28T23:30:00.000Z'),
        data: '{"user_id":"alice","items_synced":150,"errors":0,"duration_s":12.4}',
        rejected_at: null,
        error: null,
      },
    ]);
    expect(id).toMatch(/^evt_/);
  });

  test('has its version in the column of its type', async () => {
    const versioned = createOutbox({ catalog: versionedCatalog });
    await versioned.publish(client, [
      orderPlaced1({ org_id: 'acme', total: 12 }),
      orderPlaced2({ org_id: 'acme', total: '12.00' }),
    ]);
    await outbox.publish(client, failed());
    const { rows } = await client.query<{ type: string }>('SELECT type FROM tidings.outbox ORDER BY position');
    expect(rows.map(({ type }) => type)).toEqual(['order.placed@1', 'order.placed@2', 'sync.failed']);
  });

  test('is not written when the transaction or its savepoint is rolled back', async () => {
    await client.query('BEGIN');
    await outbox.publish(client, failed('rolled-back'));
    await client.query('ROLLBACK');
    expect(await waiting()).toEqual([]);

    await client.query('BEGIN');
    await outbox.publish(client, failed('before'));
    await client.query('SAVEPOINT attempt');
    await outbox.publish(client, failed('within'));
    await client.query('ROLLBACK TO SAVEPOINT attempt');
    await outbox.publish(client, failed('after'));
    await client.query('COMMIT');
    expect(await waiting()).toEqual([{ id: 'before' }, { id: 'after' }]);
  });

  test('may be one of a list, which is written in its order', async () => {
    const ids = Array.from({ length: 1000 }, (_, index) => String(index));
    expect(
      await outbox.publish(
        client,
        ids.map((id) => failed(id)),
      ),
    ).toEqual(ids.map((id) => ({ id })));
    expect(await waiting()).toEqual(ids.map((id) => ({ id })));
    expect(await outbox.publish(client, [])).toEqual([]);
  });

  test('throws its wrong fields when it is invalid, and does not touch the transaction', async () => {
    await client.query('BEGIN');
    await client.query('INSERT INTO syncs VALUES (2)');
    const wrong = syncCompleted({ user_id: 'alice', items_synced: -1, errors: 0, duration_s: 1 });
    await expect(outbox.publish(client, [failed(), wrong])).rejects.toMatchObject({
      name: 'InvalidEventError',
      errors: [{ field: 'events[1].data.items_synced' }],
    });
    await client.query('COMMIT');
    expect(await waiting()).toEqual([]);
    expect((await client.query('SELECT id FROM syncs')).rows).toEqual([{ id: 2 }]);
    const onlyGaps = createOutbox<EventDraft>({ catalog: createCatalog([gapsUpdated]) });
    await expect(onlyGaps.publish(client, failed())).rejects.toMatchObject({ errors: [{ field: 'type' }] });
  });

  test('keeps the exact text of its data, with any characters', async () => {
    const message = 'quote " backslash \\ line\nNUL \u0000 emoji 🎵 question ? dollar $1';
    await outbox.publish(client, syncFailed({ user_id: 'alice', error_message: message }));
    const { rows } = await client.query<{ data: string }>('SELECT data::text FROM tidings.outbox');
    expect(rows[0]?.data).toBe(JSON.stringify({ user_id: 'alice', error_message: message }));
  });

  test('may be written by any library that runs a statement with one parameter', async () => {
    const statements: unknown[][] = [];
    await client.query('BEGIN');
    await outbox.publish((text, values) => {
      statements.push([text, ...values]);
      return client.query(text, values);
    }, failed('by-function'));
    await client.query('COMMIT');
    expect(await waiting()).toEqual([{ id: 'by-function' }]);
    expect(statements).toEqual([
      [expect.stringMatching(/^[^$?]*CAST\(\$1 AS text\)[^$?]*$/), expect.stringMatching(/^\[\{"id":"by-function"/)],
    ]);
  });

  test('may be written with SQL alone, from any language', async () => {
    await client.query(
      `INSERT INTO tidings.outbox (type, data) VALUES ('sync.failed', '{"user_id":"alice","error_message":""}')`,
    );
    const { rows } = await client.query('SELECT id, timestamp FROM tidings.outbox');
    expect(rows).toEqual([{ id: expect.stringMatching(/^evt_[0-9a-f-]{36}$/), timestamp: expect.any(Date) }]);
  });

  test('is refused with a pool, whose queries belong to no transaction', async () => {
    const pool = { query: () => Promise.resolve(), totalCount: 1 };
    // @ts-expect-error The types refuse a pool, too.
    await expect(outbox.publish(pool, failed())).rejects.toThrow('outbox.publish was given a pool');
  });

  test('needs no NOTIFY', async () => {
    const quiet = createOutbox({ notify: false });
    await quiet.publish(client, [failed('a'), failed('b')]);
    expect(await waiting()).toEqual([{ id: 'a' }, { id: 'b' }]);
  });
});

describe('the table of an outbox', () => {
  test('is created once, also by several clients at once, and keeps its rows', async () => {
    const other = await createTestDatabase('empty');
    const clients = await Promise.all(Array.from({ length: 4 }, () => other.connect()));
    await Promise.all(clients.map((one) => one.query(outboxTable())));
    const [first] = clients as [Client];
    await outbox.publish(first, failed());
    // As one prepared statement, because some libraries can run nothing else.
    await first.query({ name: 'table', text: outboxTable(), values: [] });
    expect((await first.query('SELECT id FROM tidings.outbox')).rows).toHaveLength(1);
    await other.drop();
  });

  test('numbers rows by index, also with a plan that was made for an empty table', async () => {
    await client.query('VACUUM ANALYZE tidings.outbox');
    // Rows are numbered at once, so that the session counts its scans; within a transaction it hands no counts over.
    await client.query('BEGIN; SET CONSTRAINTS ALL IMMEDIATE');
    const scans = async () => {
      const { rows } = await client.query<{ seq: number; idx: number }>(
        "SELECT seq_scan::int AS seq, idx_scan::int AS idx FROM pg_stat_xact_user_tables WHERE relid = 'tidings.outbox'::regclass",
      );
      return rows[0] ?? { seq: 0, idx: 0 };
    };
    const before = await scans();
    // PostgreSQL may switch to a generic plan after the fifth execution.
    for (let number = 0; number < 10; number += 1) await outbox.publish(client, failed());
    expect(await scans()).toEqual({ seq: before.seq, idx: before.idx + 10 });
    await client.query('COMMIT');
  });

  test('accepts events from a role that has only INSERT', async () => {
    const role = `writer_${database.url.slice(-8)}`;
    await client.query(
      `CREATE ROLE ${role}; GRANT USAGE ON SCHEMA tidings TO ${role}; GRANT INSERT ON tidings.outbox TO ${role}`,
    );
    try {
      await client.query(`SET ROLE ${role}`);
      await outbox.publish(client, failed('by-role'));
      await expect(client.query('DELETE FROM tidings.outbox')).rejects.toThrow('permission denied');
    } finally {
      await client.query(`RESET ROLE; DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
    expect(await waiting()).toEqual([{ id: 'by-role' }]);
  });
});
