import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { temporaryFolder } from './folder.js';
import { startPostgres } from './postgres.js';

let temporary: ReturnType<typeof temporaryFolder>;
let folder: string;
beforeAll(() => {
  temporary = temporaryFolder();
  folder = join(temporary.folder, 'with a space');
});
afterAll(() => {
  temporary.remove();
});

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

test('keeps committed data through a crash, and refuses a wrong password', async () => {
  const first = await startPostgres({ folder });
  await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS one');
  process.kill(first.pid, 'SIGKILL');
  await first.ended;

  const second = await startPostgres({ folder });
  expect(await query(second.url, 'SELECT * FROM kept')).toEqual([{ one: 1 }]);
  const withWrongPassword = new URL(second.url);
  withWrongPassword.password = 'guess';
  await expect(query(withWrongPassword.href, 'SELECT 1')).rejects.toThrow('password authentication failed');

  await second.remove();
  expect(existsSync(folder)).toBe(false);
});
