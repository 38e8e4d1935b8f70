import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openDatabase } from '@tidings/database';
import { syncCompleted } from '@tidings/events';
import { startTidings as startProcesses, type Tidings } from '@tidings/local';
import { createTestDatabase, createTestRedis, type TestDatabase, type TestRedis } from '@tidings/testing';
import { PGBOUNCER, startPgbouncer, type Pgbouncer } from './harness/pgbouncer.js';
import { describeWith } from './harness/programs.js';
import { startReceiver } from './harness/receiver.js';
import { createUser } from './harness/user.js';

const ROOT = join(import.meta.dirname, '..');
const POOLER = { DATABASE_POOLER: 'transaction' };
const sync = (id: string) => syncCompleted({ user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1 }, { id });

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}
const run = (script: string, env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(ROOT, script), ...args],
      { env: { ...process.env, ...env } },
      (_, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, stdout, stderr });
      },
    );
  });

let database: TestDatabase;
let redis: TestRedis;
let pgbouncer: Pgbouncer | undefined;
let tidings: Tidings | undefined;
beforeAll(async () => {
  database = await createTestDatabase('empty');
  redis = createTestRedis();
});
afterAll(async () => {
  await tidings?.stop();
  await pgbouncer?.stop();
  await redis.drop();
  await database.drop();
});

describeWith({ pgbouncer: PGBOUNCER }, 'behind PgBouncer in transaction mode', () => {
  test('migrations run, events are accepted, delivered and streamed, and every statement has its settings', async () => {
    pgbouncer = await startPgbouncer(database.url);
    const migrated = await run('packages/database/dist/migrations/main.js', { DATABASE_URL: pgbouncer.url, ...POOLER });
    expect(migrated).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('applied 20261124120000_init\n') });

    const started = await startProcesses({
      databaseUrl: pgbouncer.url,
      redisUrl: redis.url,
      prefix: redis.prefix,
      workers: 1,
      env: POOLER,
    });
    tidings = started;
    const alice = createUser(started.url, started.token('alice'));
    const service = createUser(started.url, started.token('service', 'events:publish'));
    const receiver = await startReceiver();
    const webhook = await alice.register(receiver, { event_types: ['sync.*'] });
    const stream = await alice.follow();
    const ids = Array.from({ length: 40 }, (_, index) => `pooled-${String(index)}`);
    const answers = await Promise.all(ids.map((id) => service.call('POST', '/api/events', sync(id))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    await receiver.waitFor(ids.length);
    expect(receiver.arrivals.map(({ id }) => id).sort()).toEqual([...ids].sort());
    await stream.waitFor(ids.length);
    expect([...stream.ids()].sort()).toEqual([...ids].sort());
    await alice.waitForDeliveries(webhook, 10);
    expect((await service.call('POST', '/api/events', sync('pooled-0'))).status).toBe(200);
  });

  test('a statement alone and a transaction have the settings of a session, and leave none behind', async () => {
    pgbouncer ??= await startPgbouncer(database.url);
    const { pool, close } = openDatabase({ url: pgbouncer.url, pooler: 'transaction' });
    const admin = await database.connect();
    const name = new URL(database.url).pathname.slice(1);
    await admin.query(`ALTER DATABASE ${name} SET default_transaction_isolation = serializable`);
    try {
      const settings = `SELECT current_setting('transaction_isolation') AS isolation, current_setting('enable_seqscan') AS seqscan,
        current_setting('search_path') AS path, current_setting('statement_timeout') AS timeout`;
      const expected = { isolation: 'read committed', seqscan: 'off', path: 'public, pg_temp', timeout: '10s' };
      expect((await pool.query({ name: 'settings', text: settings })).rows).toEqual([expected]);
      const client = await pool.connect();
      await client.query('BEGIN');
      expect((await client.query(settings)).rows).toEqual([expected]);
      await client.query('COMMIT');
      await client.query('SET statement_timeout = 60000');
      expect((await client.query(settings)).rows).toEqual([{ ...expected, timeout: '1min' }]);
      await client.query('RESET statement_timeout');
      expect((await client.query(settings)).rows).toEqual([expected]);
      await expect(client.query('SELECT 1/0')).rejects.toThrow('division by zero');
      expect((await client.query(settings)).rows).toEqual([expected]);
      client.release();
    } finally {
      await close();
      await admin.query(`ALTER DATABASE ${name} RESET ALL`);
    }
  });

  test('an index is built in the background, in its schema; not when the sessions of the pooler have a short time limit', async () => {
    pgbouncer ??= await startPgbouncer(database.url);
    const inSchema = (url: string): string => {
      const own = new URL(url);
      own.searchParams.set('schema', 'Pooled schema');
      return own.href;
    };
    const build = () =>
      run(
        'packages/database/dist/migrations/main.js',
        { DATABASE_URL: inSchema((pgbouncer as Pgbouncer).url), ...POOLER },
        '--build-indexes',
      );
    expect((await run('packages/database/dist/migrations/main.js', { DATABASE_URL: inSchema(database.url) })).stderr).toBe('');
    const admin = await database.connect();
    const name = new URL(database.url).pathname.slice(1);
    const takeAway = () =>
      admin.query(`SET search_path = "Pooled schema"; DROP INDEX attempts_hour_webhook_id_idx;
        CREATE INDEX attempts_hour_webhook_id_idx ON ONLY attempts (hour, webhook_id)`);
    await takeAway();
    expect(await build()).toMatchObject({ stdout: 'built attempts_first_hour_webhook_id_idx\n', stderr: '' });
    const { rows } = await admin.query(
      "SELECT indisvalid FROM pg_index WHERE indexrelid = 'attempts_hour_webhook_id_idx'::regclass",
    );
    expect(rows).toEqual([{ indisvalid: true }]);

    await takeAway();
    await admin.query(`ALTER DATABASE ${name} SET statement_timeout = '10s'`);
    // A session of the pooler keeps the limit that it began with: another pooler has new ones.
    await pgbouncer.stop();
    pgbouncer = await startPgbouncer(database.url);
    try {
      expect(await build()).toMatchObject({
        code: 1,
        stderr: "attempts_first_hour_webhook_id_idx cannot be built: the pooler's sessions have statement_timeout = 10s.\n",
      });
    } finally {
      await admin.query(`ALTER DATABASE ${name} RESET ALL`);
    }
  });

  test.each([
    ['refuses the start-up parameters', ''],
    ['ignores the start-up parameters', 'ignore_startup_parameters = options'],
  ])('without the setting nothing starts, in one line that names it, when the pooler %s', async (_, settings) => {
    const other = await startPgbouncer(database.url, settings);
    const env = {
      DATABASE_URL: other.url,
      REDIS_URL: redis.url,
      JWT_SECRET: 'a-secret-of-at-least-32-bytes-for-tests',
      SECRETS_KEYS: `k:${randomBytes(32).toString('base64')}`,
      PORT: '0',
    };
    try {
      for (const script of ['packages/database/dist/migrations/main.js', 'apps/api/dist/main.js', 'apps/worker/dist/main.js']) {
        const { code, stdout, stderr } = await run(script, env);
        // The processes log it, the migrations print it.
        const lines = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('set DATABASE_POOLER=transaction'));
        expect({ script, code, lines }).toEqual({ script, code: 1, lines: [expect.any(String)] });
        expect(`${stdout}${stderr}`).not.toContain('    at ');
      }
    } finally {
      await other.stop();
    }
  });
});
