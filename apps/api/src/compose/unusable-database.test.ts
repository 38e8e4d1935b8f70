import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Writable } from 'node:stream';
import { createMachineKeys } from '@tidings/config';
import { migrate, openDatabase } from '@tidings/database';
import { createTestDatabase, createTestRedis, eventually, type TestDatabase, type TestRedis } from '@tidings/testing';
import { readTestConfig, SECRETS_KEYS } from '../../test/start-api.js';
import { composeApi, type Api } from '../compose.js';

/** An API whose database cannot be used says why: in `/readyz`, and in one line of the log. */
let database: TestDatabase;
let redis: TestRedis;
let lines: string[];
let api: Api | undefined;
beforeEach(async () => {
  [database, redis, lines] = [await createTestDatabase('empty'), createTestRedis(), []];
});
afterEach(async () => {
  await api?.stop();
  await redis.drop();
  await database.drop();
});

async function start({ databaseUrl = database.url, ...env }: { databaseUrl?: string; SECRETS_KEYS?: string } = {}) {
  const logStream = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(line.toString());
      done();
    },
  });
  api = await composeApi(readTestConfig({ databaseUrl, redis, env }), { logStream });
  return api.start();
}
const ready = async () => {
  const response = await fetch(`${String(api?.url)}/readyz`);
  return { status: response.status, detail: ((await response.json()) as { detail?: string }).detail };
};
const waiting = () =>
  lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ message }) => String(message).includes('cannot be used yet'));
const sql = async (statement: string) => {
  const client = await database.connect();
  await client.query(statement);
  await client.end();
};

const MIGRATE = 'run "node packages/database/dist/migrations/main.js"';
const withUrl = (change: (url: URL) => void) => () => {
  const url = new URL(database.url);
  change(url);
  return Promise.resolve({ databaseUrl: url.href });
};

describe('an API that waits for its database names the reason', () => {
  test.each<[string, () => Promise<Parameters<typeof start>[0]>, reason: string, log: object]>([
    [
      'no migrations',
      () => Promise.resolve({}),
      `migrations are missing (all): ${MIGRATE}`,
      { remedy: expect.stringContaining('Run "node packages/database') },
    ],
    [
      'one missing migration',
      async () => {
        await migrate(database.url);
        await sql("DELETE FROM _prisma_migrations WHERE migration_name = '20261124120000_init'");
        return {};
      },
      `migrations are missing (20261124120000_init): ${MIGRATE}`,
      {},
    ],
    [
      'a failed migration',
      async () => {
        await migrate(database.url);
        await sql("UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '20261124120000_init'");
        return {};
      },
      'the migration 20261124120000_init is still running, or broke off',
      {},
    ],
    [
      "another application's tables",
      async () => {
        await sql('CREATE TABLE webhooks (id text)');
        return {};
      },
      'the database has a table "webhooks" that no migration of Tidings made',
      {},
    ],
    [
      'a wrong password',
      withUrl((url) => (url.password = 'wrong')),
      'PostgreSQL refuses the login: the user, the password or pg_hba.conf',
      { code: '28P01', postgresql: expect.stringContaining('password authentication failed') },
    ],
    [
      'a database that does not exist',
      withUrl((url) => (url.pathname += '_not')),
      'the database of DATABASE_URL does not exist',
      { code: '3D000' },
    ],
    ['a server that is down', withUrl((url) => (url.port = '1')), 'PostgreSQL cannot be reached', { code: 'ECONNREFUSED' }],
    [
      'keys that open nothing',
      async () => {
        await migrate(database.url);
        await storeWebhook();
        return { SECRETS_KEYS: createMachineKeys().SECRETS_KEYS };
      },
      'SECRETS_KEYS opens none of the stored secrets',
      { remedy: expect.stringContaining('SECRETS_KEYS') },
    ],
  ])('%s', async (_what, prepare, reason, details) => {
    const started = start(await prepare());
    await eventually(async () => {
      expect(await ready()).toEqual({ status: 503, detail: `postgresql: ${reason}, redis: ok` });
      expect(waiting()).toMatchObject([{ level: 'warn', reason, ...details }]);
    });
    // Each second tries again, and is not logged.
    expect(lines.join('')).not.toContain('"stack"');
    await api?.stop();
    await started;
    expect(waiting()).toHaveLength(1);
  });
});

/** Lets an API with the keys of the suites store a webhook, and stops it. */
async function storeWebhook(): Promise<void> {
  const { createSeal, parseSealKeys, sealedFor } = await import('@tidings/secrets');
  const { prisma, close } = openDatabase({ url: database.url });
  const sealedSecret = Buffer.from(createSeal(parseSealKeys(SECRETS_KEYS)).seal('whsec_x', sealedFor.secret('wh_1')));
  await prisma.webhook.create({
    data: { id: 'wh_1', owner: 'alice', url: 'https://example.com', eventTypes: ['*'], sealedSecret },
  });
  await close();
}

test('an API starts when the migrations are applied, and serves a database that a newer version migrated', async () => {
  const started = start();
  await eventually(async () => {
    expect((await ready()).status).toBe(503);
  });
  await migrate(database.url);
  await sql(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', '', '29990101000000_newer', now())`,
  );
  await started;
  await eventually(async () => {
    expect(await ready()).toMatchObject({ status: 200 });
  });
  expect(lines.filter((line) => line.includes('29990101000000_newer'))).toEqual([
    expect.stringContaining('A newer version of Tidings'),
  ]);
});

test('an API serves webhooks although the keys do not open the secrets of some, and says so once', async () => {
  await migrate(database.url);
  await storeWebhook();
  const { prisma, close } = openDatabase({ url: database.url });
  const { createSeal, parseSealKeys, sealedFor } = await import('@tidings/secrets');
  const other = createSeal(parseSealKeys(createMachineKeys().SECRETS_KEYS)).seal('whsec_x', sealedFor.secret('wh_2'));
  await prisma.webhook.create({
    data: { id: 'wh_2', owner: 'alice', url: 'https://example.com', eventTypes: ['*'], sealedSecret: Buffer.from(other) },
  });
  await close();
  await start({ SECRETS_KEYS });
  expect(await ready()).toMatchObject({ status: 200 });
  expect(lines.filter((line) => line.includes('does not open the secrets of some webhooks'))).toHaveLength(1);
});
