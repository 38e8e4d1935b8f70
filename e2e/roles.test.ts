import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createMachineKeys } from '@tidings/config';
import { openDatabase, type Database } from '@tidings/database';
import { syncCompleted } from '@tidings/events';
import { startTidings, type Tidings } from '@tidings/local';
import { createTestDatabase, createTestRedis, eventually, type TestDatabase, type TestRedis } from '@tidings/testing';
import { describeWith, findProgram } from './harness/programs.js';
import { startReceiver } from './harness/receiver.js';
import { createUser } from './harness/user.js';

const ROOT = join(import.meta.dirname, '..');
const PSQL = findProgram('psql');
const SCHEMA = 'Our tidings';
const suffix = randomBytes(4).toString('hex');
const [OWNER, RUNNER] = [`owner_${suffix}`, `Runner ${suffix}`];
const PASSWORD = 'of both';

const run = promisify(execFile);
let database: TestDatabase;
let redis: TestRedis;
let admin: Awaited<ReturnType<TestDatabase['connect']>>;
let owner: Database;
let runner: Database;
const keys = createMachineKeys();

/** Runs deploy/postgresql/roles.sql, as its comment says. */
async function runRoles(): Promise<void> {
  const url = new URL(database.url);
  const variables = {
    password: PASSWORD,
    run_password: PASSWORD,
    database: url.pathname.slice(1),
    schema: SCHEMA,
    owner: OWNER,
    runner: RUNNER,
  };
  const set = Object.entries(variables).map(([name, value]) => `--set=${name}=${value}`);
  url.pathname = '/postgres';
  await run(PSQL as string, [...set, '--no-psqlrc', '--quiet', `--file=${join(ROOT, 'deploy/postgresql/roles.sql')}`, url.href]);
}
const urlOf = (role: string): string => {
  const url = new URL(database.url);
  [url.username, url.password] = [encodeURIComponent(role), encodeURIComponent(PASSWORD)];
  url.searchParams.set('schema', SCHEMA);
  return url.href;
};
const command = (script: string, url: string, ...args: string[]) =>
  run(process.execPath, [join(ROOT, script), ...args], {
    env: { ...process.env, ...keys, DATABASE_URL: url, REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix },
  }).catch((error: unknown) => error as { stdout: string; stderr: string });
const migrate = (role: string, ...args: string[]) => command('packages/database/dist/migrations/main.js', urlOf(role), ...args);

beforeAll(async () => {
  database = await createTestDatabase('empty');
  redis = createTestRedis();
  admin = await database.connect();
});
afterAll(async () => {
  for (const one of [owner, runner] as (Database | undefined)[]) await one?.close();
  await redis.drop();
  await database.drop();
  const url = new URL(database.url);
  url.pathname = '/postgres';
  const { pool, close } = openDatabase({ url: url.href });
  await pool.query(`DROP ROLE IF EXISTS ${OWNER}, "${RUNNER}"`);
  await close();
});

describeWith({ psql: PSQL }, 'a role that migrates and another one that runs, made by deploy/postgresql/roles.sql', () => {
  test('the second run of the script changes nothing, and what is there already is granted as well', async () => {
    await runRoles();
    const { stdout } = await migrate(OWNER);
    expect(stdout).toContain('applied 20261124120000_init\n');
    await runRoles();
    [owner, runner] = [openDatabase({ url: urlOf(OWNER) }), openDatabase({ url: urlOf(RUNNER) })];
    const { rows } = await runner.pool.query('SELECT current_user AS role, current_schema() AS schema');
    expect(rows).toEqual([{ role: RUNNER, schema: SCHEMA }]);
  });

  test.each([
    'CREATE TABLE mine (id int)',
    'CREATE TEMP TABLE mine (id int)',
    'CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1',
    'DROP TABLE webhooks',
    'TRUNCATE webhooks',
    'ALTER TABLE webhooks ADD mine int',
    'CREATE INDEX ON webhooks (url)',
    'CREATE TRIGGER mine BEFORE INSERT ON partitions FOR EACH ROW EXECUTE FUNCTION audit_webhook()',
    "SELECT add_partition('mine', '2000-01-01', '2000-01-02')",
    'CREATE SCHEMA mine',
  ])('the running role may not: %s', async (statement) => {
    await expect(runner.pool.query(statement)).rejects.toMatchObject({ code: '42501' });
  });

  test('a later migration grants what it creates, and keeps its functions from everybody else', async () => {
    await owner.pool.query('CREATE TABLE later (id serial); CREATE FUNCTION later() RETURNS int LANGUAGE sql RETURN 42');
    expect((await runner.pool.query('INSERT INTO later DEFAULT VALUES RETURNING later() AS answer')).rows).toEqual([
      { answer: 42 },
    ]);
    const { rows } = await admin.query(
      `SELECT proname FROM pg_proc WHERE pronamespace = '"${SCHEMA}"'::regnamespace AND has_function_privilege('public', oid, 'EXECUTE')`,
    );
    expect(rows).toEqual([]);
    await owner.pool.query('DROP TABLE later; DROP FUNCTION later');
  });

  test('events are accepted, delivered, streamed and replayed; a period is added and one is dropped', async () => {
    // The log ends tomorrow, and has a period that was marked the day before yesterday.
    await owner.pool.query(`
      DROP TABLE events_first, deliveries_first, attempts_first;
      DELETE FROM partitions;
      SELECT add_partition('old', NULL, '2020-01-01'), add_partition('now', '2020-01-01', date_trunc('day', now()) + interval '2 days');
      UPDATE partitions SET expired_at = now() - interval '2 days' WHERE name = 'old'`);
    let output = '';
    const tidings: Tidings = await startTidings({
      databaseUrl: urlOf(RUNNER),
      redisUrl: redis.url,
      prefix: redis.prefix,
      keys,
      onOutput: (text) => (output += text),
    });
    try {
      const alice = createUser(tidings.url, tidings.token('alice'));
      const service = createUser(tidings.url, tidings.token('service', 'events:publish'));
      const receiver = await startReceiver();
      const webhook = await alice.register(receiver, { event_types: ['sync.*'] });
      const stream = await alice.follow();
      const event = syncCompleted({ user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1 }, { id: 'with-few-rights' });
      expect((await service.call('POST', '/api/events', event)).status).toBe(202);
      await receiver.waitFor(1);
      await stream.waitFor(1);
      await alice.waitForDeliveries(webhook, 1);
      const replay = await alice.call('POST', `/api/webhooks/${webhook.id}/replay`, {
        since: '2020-01-01T00:00:00Z',
        status: ['succeeded'],
      });
      expect(replay.body).toMatchObject({ count: 1 });
      await receiver.waitFor(2);
      expect((await alice.call('PATCH', `/api/webhooks/${webhook.id}`, { paused: true })).status).toBe(200);
      expect((await alice.call('DELETE', `/api/webhooks/${webhook.id}`)).status).toBe(204);
      await eventually(async () => {
        const { rows } = await owner.pool.query<{ ahead: boolean; dropped: boolean }>(
          `SELECT max(ends_at) > now() + interval '7 days' AS ahead, to_regclass('events_old') IS NULL AS dropped FROM partitions`,
        );
        expect(rows).toEqual([{ ahead: true, dropped: true }]);
      });
      const { rows } = await owner.pool.query('SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = current_schema()');
      expect(rows).toEqual([{ tableowner: OWNER }]);
    } finally {
      await tidings.stop();
    }
    expect(output).not.toContain('periods of the log:');
    expect(output).not.toMatch(/A round of a periodic task failed|permission denied/);
  });

  test('an index that only the owner can build is left to it, and built by the command', async () => {
    await owner.pool.query(`DROP INDEX attempts_hour_webhook_id_idx;
      CREATE INDEX attempts_hour_webhook_id_idx ON ONLY attempts (hour, webhook_id)`);
    const refused = await migrate(RUNNER, '--build-indexes');
    expect(refused.stderr).toContain(
      `attempts_now_hour_webhook_id_idx cannot be built: the table belongs to the role "${OWNER}", not to "${RUNNER}".`,
    );
    const built = await migrate(OWNER, '--build-indexes');
    expect(built).toMatchObject({ stdout: expect.stringContaining('built attempts_now_hour_webhook_id_idx\n'), stderr: '' });
    expect(await migrate(OWNER, '--build-indexes')).toMatchObject({ stdout: 'no index was built\n', stderr: '' });
  });

  test('a role that may not call the two functions is warned of at start, in one line, and doctor says what to grant', async () => {
    expect((await command('packages/cli/dist/main.js', urlOf(RUNNER), 'doctor')).stdout).toMatch(/✓ rights +the role/);
    await owner.pool.query(`REVOKE EXECUTE ON FUNCTION drop_next_partition FROM "${RUNNER}"`);
    const remedy = `GRANT EXECUTE ON FUNCTION "${SCHEMA}".drop_next_partition TO "${RUNNER}"`;
    expect((await command('packages/cli/dist/main.js', urlOf(RUNNER), 'doctor')).stdout).toContain(remedy);
    let output = '';
    const tidings = await startTidings({
      databaseUrl: urlOf(RUNNER),
      redisUrl: redis.url,
      prefix: redis.prefix,
      keys,
      onOutput: (text) => (output += text),
    });
    const warnings = () =>
      output
        .split('\n')
        .filter((line) => line.includes('cannot add and drop periods of the log'))
        .map((line) => line.replaceAll('\\"', '"'));
    await eventually(() => {
      // One of the API, one of the worker.
      expect(warnings()).toEqual([expect.stringContaining(remedy), expect.stringContaining(remedy)]);
    });
    await tidings.stop();
    expect(warnings()).toHaveLength(2);
    await owner.pool.query(remedy);
  });
});
