import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { openDatabase, type Database } from '../database.js';
import { readSchema } from './schema.js';

let testDatabase: TestDatabase;
let database: Database;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url, maxConnections: 1 });
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

test('schema.sql is the schema that the migrations produce (npm run generate:schema writes it)', async () => {
  const file = readFileSync(join(import.meta.dirname, '../../schema.sql'), 'utf8');
  expect(await readSchema(database.pool)).toBe(file);
});

test('the schema does not change as partitions come', async () => {
  const before = await readSchema(database.pool);
  await database.pool.query("SELECT add_partition('later', max(ends_at), max(ends_at) + interval '1 day') FROM partitions");
  expect(await readSchema(database.pool)).toBe(before);
});

test.each([
  ['a column', 'ALTER TABLE webhooks ADD COLUMN another TEXT', 'another text'],
  ['an index', 'CREATE INDEX another_idx ON events (type)', 'another_idx ON ONLY events'],
  ['a constraint', 'ALTER TABLE attempts ADD CONSTRAINT another CHECK (number > 0)', 'CONSTRAINT another CHECK ((number > 0))'],
])('the schema shows %s that was added', async (_, change, expected) => {
  expect(await readSchema(database.pool)).not.toContain(expected);
  await database.pool.query(change);
  expect(await readSchema(database.pool)).toContain(expected);
});
