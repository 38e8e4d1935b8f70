import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Writable } from 'node:stream';
import { createMachineKeys } from '@tidings/config';
import { migrate, openDatabase } from '@tidings/database';
import { createPublisher, syncFailed } from '@tidings/events';
import { createSeal, parseSealKeys, sealedFor } from '@tidings/secrets';
import { freePort } from '@tidings/local';
import { createTestDatabase, createTestRedis, eventually, type TestDatabase, type TestRedis } from '@tidings/testing';
import { composeWorker, type Worker } from '../compose.js';
import { readWorkerConfig } from '../config.js';

/** A worker whose database cannot be used takes no job, and says why: in `/readyz`, and in one line of the log. */
let database: TestDatabase;
let redis: TestRedis;
let lines: string[];
let worker: Worker | undefined;
let port: number;
beforeEach(async () => {
  [database, redis, lines, port] = [await createTestDatabase('empty'), createTestRedis(), [], await freePort()];
});
afterEach(async () => {
  await worker?.stop();
  await redis.drop();
  await database.drop();
});

const { SECRETS_KEYS } = createMachineKeys();
async function start(keys = SECRETS_KEYS): Promise<void> {
  const logStream = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(line.toString());
      done();
    },
  });
  const config = readWorkerConfig({
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    REDIS_PREFIX: redis.prefix,
    SECRETS_KEYS: keys,
    HEALTH_PORT: String(port),
    LOG_FORMAT: 'json',
  });
  worker = await composeWorker(config, { logStream });
  return worker.start();
}
const ready = async () => {
  const response = await fetch(`http://127.0.0.1:${String(port)}/readyz`, { headers: { connection: 'close' } });
  return [response.status, ((await response.json()) as { checks: Record<string, string> }).checks['postgresql']];
};
const linesWith = (text: string) => lines.filter((line) => line.includes(text));

describe('a worker', () => {
  test('on a database without migrations is not ready and takes no job, and starts when they are applied', async () => {
    const publisher = createPublisher({ redis: redis.url, prefix: redis.prefix });
    await publisher.publish(syncFailed({ user_id: 'alice', error_message: 'gone' }));
    await publisher.close();
    const started = start();
    await eventually(async () => {
      expect(await ready()).toEqual([503, 'migrations are missing (all): run "node packages/database/dist/migrations/main.js"']);
    });
    expect(linesWith('Worker is ready.')).toEqual([]);
    await migrate(database.url);
    await started;
    await eventually(async () => {
      expect(await ready()).toEqual([200, 'ok']);
    });
    const { pool, close } = openDatabase({ url: database.url });
    await eventually(async () => {
      expect((await pool.query('SELECT FROM events')).rowCount).toBe(1);
    });
    await close();
    // One line for all attempts, and none of a job or of a periodic task. Another one may say that a migration is running.
    const warnings = linesWith('"level":"warn"');
    expect(warnings.filter((line) => line.includes('migrations are missing'))).toHaveLength(1);
    expect(warnings.filter((line) => !line.includes('The database cannot be used yet'))).toEqual([]);
  });

  test('whose SECRETS_KEYS open nothing of what is stored is not ready', async () => {
    await migrate(database.url);
    const { prisma, close } = openDatabase({ url: database.url });
    const sealedSecret = Buffer.from(createSeal(parseSealKeys(SECRETS_KEYS)).seal('whsec_x', sealedFor.secret('wh_1')));
    await prisma.webhook.create({
      data: { id: 'wh_1', owner: 'alice', url: 'https://example.com', eventTypes: ['*'], sealedSecret },
    });
    await close();
    const started = start(createMachineKeys().SECRETS_KEYS);
    await eventually(async () => {
      expect(await ready()).toEqual([503, 'SECRETS_KEYS opens none of the stored secrets']);
    });
    await worker?.stop();
    await started;
    expect(linesWith('Worker is ready.')).toEqual([]);
  });
});

test('a worker that runs while its database goes away writes one warning, and not one for each task', async () => {
  await migrate(database.url);
  await start();
  const name = new URL(database.url).pathname.slice(1);
  const { pool, close } = openDatabase({ url: Object.assign(new URL(database.url), { pathname: '/postgres' }).href });
  await pool.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
  await eventually(async () => {
    expect(await ready()).toEqual([503, 'PostgreSQL is starting or stopping']);
    const rounds = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`, { headers: { connection: 'close' } })).text();
    expect(
      [...rounds.matchAll(/tidings_periodic_task_rounds_total\{task="([\w ]+)",result="failed"\} [1-9]/g)].length,
    ).toBeGreaterThan(3);
  });
  const warnings = linesWith('"level":"warn"');
  expect(warnings.length).toBeLessThanOrEqual(2);
  expect(warnings.join('')).not.toContain('"stack"');
  await pool.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  await close();
});
