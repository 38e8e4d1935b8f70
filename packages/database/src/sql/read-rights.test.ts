import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { openDatabase, type Database } from '../database.js';
import { readPartitionsAhead } from './read-partitions-ahead.js';
import { readRights, SEQUENCES, TABLES } from './read-rights.js';

/** The rights of a role that is no superuser. */
const role = `rights_${randomBytes(6).toString('hex')}`;
let testDatabase: TestDatabase;
let owner: Database;
let database: Database;
const sql = (statement: string) => owner.pool.query(statement);
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  owner = openDatabase({ url: testDatabase.url, maxConnections: 1 });
  await sql(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
  const url = new URL(testDatabase.url);
  [url.username, url.password] = [role, 'x'];
  database = openDatabase({ url: url.href, maxConnections: 1 });
});
beforeEach(async () => {
  await sql(`GRANT ALL ON SCHEMA public TO ${role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role};
    GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
});
afterAll(async () => {
  await database.close();
  await sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await owner.close();
  await testDatabase.drop();
});

test('the lists name every table and sequence of Tidings', async () => {
  const { rows } = await owner.pool.query<{ name: string; kind: string }>(
    `SELECT relname AS name, relkind AS kind FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S') AND NOT relispartition
       AND relname <> '_prisma_migrations' ORDER BY relname`,
  );
  const namesOf = (isSequence: boolean) => rows.filter(({ kind }) => (kind === 'S') === isSequence).map(({ name }) => name);
  expect(namesOf(false)).toEqual([...TABLES]);
  expect(namesOf(true)).toEqual([...SEQUENCES]);
});

describe('the rights of a role', () => {
  test('of a superuser are complete', async () => {
    expect(await readRights(owner.pool)).toMatchObject({ missing: [], missingForPartitions: [] });
  });

  test('lack what was not granted: on a table, a sequence and a function', async () => {
    expect(await readRights(database.pool)).toMatchObject({ role, missing: [] });
    await sql(`REVOKE INSERT, DELETE ON events FROM ${role}; REVOKE ALL ON SEQUENCE events_position_seq FROM ${role};
      REVOKE EXECUTE ON FUNCTION lock_log FROM PUBLIC`);
    const { missing } = await readRights(database.pool);
    await sql('GRANT EXECUTE ON FUNCTION lock_log TO PUBLIC');
    expect(missing).toEqual(['DELETE on events', 'EXECUTE on lock_log', 'INSERT on events', 'USAGE on events_position_seq']);
  });

  test('lack what the next partition needs: CREATE, and the ownership of the tables and their partitions', async () => {
    await sql(`REVOKE CREATE ON SCHEMA public FROM ${role}, PUBLIC`);
    const { missing, missingForPartitions } = await readRights(database.pool);
    expect(missing).toEqual([]);
    expect(missingForPartitions).toEqual(
      expect.arrayContaining([
        'CREATE on schema public',
        'ownership of attempts',
        'ownership of deliveries',
        'ownership of events',
      ]),
    );
    expect(missingForPartitions.some((one) => one.startsWith('ownership of events_'))).toBe(true);
    await expect(
      database.pool.query("SELECT add_period(now() + interval '90 days', now() + interval '91 days', 1)"),
    ).rejects.toThrow('permission denied');
    // With the rights of its owner, the function needs no more of the role.
    await sql('ALTER FUNCTION add_period SECURITY DEFINER');
    expect(await readRights(database.pool)).toMatchObject({ missingForPartitions: [] });
    await database.pool.query("SELECT add_period(now() + interval '90 days', now() + interval '91 days', 1)");
    await sql('ALTER FUNCTION add_period SECURITY INVOKER');
  });
});

test('the partitions ahead end at the first gap', async () => {
  const days = async () => Math.round((await readPartitionsAhead(owner.pool)) / 86_400);
  const set = (ranges: string) => sql(`TRUNCATE partitions; INSERT INTO partitions (name, starts_at, ends_at) VALUES ${ranges}`);
  const from = (start: string, end: string) => `('${start}_${end}', now() + '${start} days', now() + '${end} days')`;
  await set(`${from('-1', '2')}, ${from('2', '5')}, ${from('6', '9')}`);
  expect(await days()).toBe(5);
  await set(from('1', '9'));
  expect(await days()).toBe(0);
});
