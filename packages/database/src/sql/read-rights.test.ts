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
const sql = (statement: string) => owner.pool.query<Record<string, unknown>>(statement);
let periods = 0;
/** Adds a period that the log lacks, as the role. */
const addPeriod = () => {
  periods += 1;
  const day = `now() + interval '${String(90 + periods)} days'`;
  return database.pool.query(`SELECT add_period(${day}, ${day}, 1)`);
};
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
    expect(missing).toEqual([
      'DELETE on events',
      'EXECUTE on lock_log',
      'INSERT on events',
      'SELECT on events_position_seq',
      'USAGE on events_position_seq',
    ]);
  });

  test('of a role that is not the owner need EXECUTE on the two functions that maintain the periods, and nothing of their tables', async () => {
    await sql(`REVOKE ALL ON SCHEMA public FROM ${role}, PUBLIC; GRANT USAGE ON SCHEMA public TO ${role}`);
    const { missing, missingForPartitions, grants } = await readRights(database.pool);
    expect(missing).toEqual([]);
    expect(missingForPartitions).toEqual(['EXECUTE on add_period', 'EXECUTE on drop_next_partition']);
    await expect(addPeriod()).rejects.toThrow('permission denied for function add_period');
    await sql(grants.join(';'));
    expect(await readRights(database.pool)).toMatchObject({ missing: [], missingForPartitions: [], grants: [] });
    await addPeriod();
  });

  test('of the owner of these functions are named as well: CREATE, and the ownership of the tables and their partitions', async () => {
    await sql(`ALTER FUNCTION add_period OWNER TO ${role}; REVOKE ALL ON SCHEMA public FROM ${role}, PUBLIC;
      GRANT USAGE ON SCHEMA public TO ${role}; GRANT EXECUTE ON FUNCTION drop_next_partition TO ${role}`);
    const { missingForPartitions, grants } = await readRights(database.pool);
    expect(missingForPartitions).toEqual(
      expect.arrayContaining([
        `CREATE on schema public of ${role}`,
        `ownership of attempts of ${role}`,
        `ownership of deliveries of ${role}`,
        `ownership of events of ${role}`,
        `ownership of events_first of ${role}`,
      ]),
    );
    await expect(addPeriod()).rejects.toThrow('permission denied');
    await sql(grants.join(';'));
    expect(await readRights(database.pool)).toMatchObject({ missingForPartitions: [] });
    await addPeriod();
    await sql(`REASSIGN OWNED BY ${role} TO current_user`);
  });
});

describe('a function with the rights of its owner', () => {
  test('looks in the schema of Tidings only, last of all at temporary tables, and is for nobody unless granted', async () => {
    const { rows } = await sql(
      `SELECT proname AS name, proconfig[1] AS path, has_function_privilege('public', oid, 'EXECUTE') AS "isPublic"
       FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY 1`,
    );
    const path = 'search_path=public, pg_temp';
    expect(rows).toEqual(['add_period', 'drop_next_partition'].map((name) => ({ name, path, isPublic: false })));
  });

  test('drops nothing but partitions of the log that have been marked as expired for a day', async () => {
    const period = (at: string) => `INSERT INTO partitions (name, starts_at, ends_at, expired_at)
      VALUES ('mine', '2000-01-01', '2000-01-02', ${at})`;
    const drop = async (name: string) => {
      const { rows } = await database.pool.query<{ kind: string | null }>('SELECT drop_next_partition($1) AS kind', [name]);
      return rows[0]?.kind;
    };
    await sql(`GRANT EXECUTE ON FUNCTION drop_next_partition TO ${role}; CREATE TABLE deliveries_mine (id int);
      CREATE TABLE events_mine (id int)`);
    for (const name of ['first', 'mine', 'first; DROP TABLE webhooks', '']) expect(await drop(name)).toBeNull();
    await database.pool.query(period("now() - interval '23 hours'"));
    expect(await drop('mine')).toBeNull();
    await database.pool.query("UPDATE partitions SET expired_at = now() - interval '25 hours' WHERE name = 'mine'");
    // The row goes; tables with such names that are no partitions stay.
    expect(await drop('mine')).toBe('events');
    await sql('DROP TABLE deliveries_mine; DROP TABLE events_mine; SELECT FROM events_first, deliveries_first, attempts_first');
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
