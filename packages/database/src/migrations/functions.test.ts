import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { PRISMA_FOLDER } from './engine.js';
import { functionDifference, FUNCTIONS_FOLDER } from './functions.js';
import { generateMigration } from './generate.js';
import { migrate } from './migrate.js';

let testDatabase: TestDatabase;
let copy: string;
beforeEach(async () => {
  testDatabase = await createTestDatabase();
  copy = mkdtempSync(join(tmpdir(), 'tidings-functions-'));
  cpSync(FUNCTIONS_FOLDER, join(copy, 'functions'), { recursive: true });
  cpSync(PRISMA_FOLDER, join(copy, 'prisma'), { recursive: true });
});
afterEach(async () => {
  await testDatabase.drop();
  rmSync(copy, { recursive: true });
});

const differenceTo = async (folder: string) => functionDifference(await testDatabase.connect(), { folder });
const write = (name: string, sql: string) => {
  writeFileSync(join(copy, 'functions', `${name}.sql`), sql);
};
const change = (name: string, from: string | RegExp, to: string) => {
  const before = readFileSync(join(copy, 'functions', `${name}.sql`), 'utf8');
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  write(name, after);
};
const ANSWER = 'CREATE OR REPLACE FUNCTION answer() RETURNS INTEGER LANGUAGE sql RETURN 42;';

test('the migrations produce the functions and triggers of functions/*.sql', async () => {
  expect(await differenceTo(FUNCTIONS_FOLDER)).toBe('');
});

describe('the migration for changed function files', () => {
  const generate = () =>
    generateMigration(testDatabase.url, 'test', {
      prismaFolder: join(copy, 'prisma'),
      functionsFolder: join(copy, 'functions'),
      now: new Date('2999-01-01T00:00:00Z'),
    });
  const apply = async () => {
    expect(await migrate(testDatabase.url, { prismaFolder: join(copy, 'prisma') })).toEqual(['29990101000000_test']);
    return readFileSync(join(copy, 'prisma/migrations/29990101000000_test/migration.sql'), 'utf8');
  };
  const agrees = async () => {
    expect(await differenceTo(join(copy, 'functions'))).toBe('');
  };

  test('is none while they agree', async () => {
    expect(await generate()).toBeNull();
  });

  test('replaces a function whose body changed, and leaves the others and the comments out', async () => {
    change('add_counts', /\+/, '+ 0 +');
    expect(await generate()).toBe('29990101000000_test');
    const sql = await apply();
    expect(sql).toMatch(
      /^-- Functions and triggers are generated from packages\/database\/functions: change them there\.\n\nCREATE/,
    );
    expect(sql.match(/CREATE OR REPLACE/g)).toHaveLength(1);
    await agrees();
  });

  test('drops and creates a function whose arguments changed, with its callers', async () => {
    write('answer', ANSWER);
    write('double', 'CREATE OR REPLACE FUNCTION double() RETURNS INTEGER LANGUAGE sql RETURN 2 * answer();');
    await generate();
    await apply();
    change('answer', 'INTEGER', 'BIGINT');
    expect(await differenceTo(join(copy, 'functions'))).toMatch(
      /^DROP FUNCTION "answer"\(\), "double"\(\);\n\nCREATE[^;]*answer\(\)[^;]*;\n\nCREATE[^;]*double\(\)/,
    );
  });

  test('drops a function without a file, and a trigger that its file no longer has', async () => {
    await (await testDatabase.connect()).query(ANSWER);
    change('audit_webhook', /CREATE OR REPLACE TRIGGER webhooks_audit_insert_delete[^;]*;/, '');
    await generate();
    const sql = await apply();
    expect(sql).toContain('DROP TRIGGER "webhooks_audit_insert_delete" ON "webhooks";');
    expect(sql).toContain('DROP FUNCTION "answer"();');
    await agrees();
  });

  test('follows the change of a table that its functions read', async () => {
    const schema = join(copy, 'prisma/schema.prisma');
    writeFileSync(schema, readFileSync(schema, 'utf8').replace('model OwnerSettings {', 'model OwnerSettings {\n  note String?'));
    write('note_of', 'CREATE OR REPLACE FUNCTION note_of(owner_settings) RETURNS TEXT LANGUAGE sql RETURN $1.note;');
    await generate();
    expect(await apply()).toMatch(/ADD COLUMN {5}"note" TEXT;[^]*note_of/);
    await agrees();
  });

  test('is refused while a file defines another function than its name says', async () => {
    write('question', ANSWER);
    await expect(generate()).rejects.toThrow('Each file of functions/ defines the one function');
  });

  test('is refused where a file is wrong, and the error names the file', async () => {
    write('answer', ANSWER.replace('42', 'no_such_column'));
    await expect(generate()).rejects.toThrow('functions/answer.sql: column "no_such_column" does not exist');
  });

  test('is refused where functions call each other', async () => {
    write('one', 'CREATE OR REPLACE FUNCTION one() RETURNS INTEGER LANGUAGE sql RETURN two();');
    write('two', 'CREATE OR REPLACE FUNCTION two() RETURNS INTEGER LANGUAGE sql RETURN one();');
    await expect(generate()).rejects.toThrow('SQL functions call each other in a circle');
  });

  test.each(['', 'Slot rules', 'slot-rules'])('is refused with the name "%s"', async (name) => {
    await expect(generateMigration(testDatabase.url, name)).rejects.toThrow('in snake case');
  });
});
