import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { failAt, parseFailpoint } from './failpoint.js';
import { interceptStatements, type Intercept } from './intercept.js';
import { SABOTAGES } from './sabotage.js';

let database: TestDatabase;
let pool: pg.Pool;
let restore: (() => void) | undefined;
beforeAll(async () => {
  database = await createTestDatabase('empty');
  pool = new pg.Pool({ connectionString: database.url, max: 2 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
afterEach(() => {
  restore?.();
});

const named = (name: string) => ({ name, text: 'SELECT $1::int AS value', values: [7] });

describe('an intercept', () => {
  test('gets the named statements of a pool and of a client, and no others', async () => {
    const seen: string[] = [];
    restore = interceptStatements((statement, run) => {
      seen.push(`${statement.name} ${JSON.stringify(statement.values)}`);
      return run();
    });
    expect((await pool.query(named('one'))).rows).toEqual([{ value: 7 }]);
    const client = await pool.connect();
    expect((await client.query(named('two'))).rows).toEqual([{ value: 7 }]);
    client.release();
    expect((await pool.query('SELECT $1::int AS value', [8])).rows).toEqual([{ value: 8 }]);
    expect(seen).toEqual(['one [7]', 'two [7]']);
  });

  test('passes errors on', async () => {
    restore = interceptStatements((_statement, run) => run());
    await expect(pool.query({ name: 'wrong', text: 'SELECT nothing' })).rejects.toThrow('nothing');
    expect((await pool.query(named('three'))).rows).toEqual([{ value: 7 }]);
  });

  test('can answer in place of the database', async () => {
    restore = interceptStatements(SABOTAGES['reconciler-off']);
    expect((await pool.query(named('wake_deliveries'))).rows).toEqual([]);
    expect((await pool.query(named('claim_deliveries'))).rows).toEqual([{ value: 7 }]);
  });
});

describe('a failpoint', () => {
  test.each([
    ['record_attempts:before', { statement: 'record_attempts', side: 'before', occurrence: 1 }],
    ['accept_events:after:12', { statement: 'accept_events', side: 'after', occurrence: 12 }],
  ])('is parsed from %s', (text, failpoint) => {
    expect(parseFailpoint(text)).toEqual(failpoint);
  });

  test.each(['', 'record_attempts', 'a:during', 'a:after:0'])('cannot be "%s"', (text) => {
    expect(() => parseFailpoint(text)).toThrow('A failpoint must be');
  });

  test.each([
    ['before', 2],
    ['after', 3],
  ] as const)('kills the process %s its occurrence of the statement: the database runs %i', async (side, expected) => {
    let deaths = 0;
    let runs = 0;
    const run = () => Promise.resolve(void (runs += 1) as unknown as pg.QueryResult);
    const intercept: Intercept = failAt({ statement: 'x', side, occurrence: 3 }, () => (deaths += 1));
    const call = (name: string): void => void intercept({ name, values: [] }, run, pool as unknown as pg.Client);
    for (const name of ['x', 'x', 'x']) call(name);
    await new Promise((resolve) => setImmediate(resolve));
    expect({ deaths, runs }).toEqual({ deaths: 1, runs: expected });
  });
});
