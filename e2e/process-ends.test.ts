import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createMachineKeys } from '@tidings/config';
import { createTestDatabase, createTestRedis, type TestDatabase, type TestRedis } from '@tidings/testing';

const LINE_OF_A_STACK = /^\s+at /m;

let database: TestDatabase;
let redis: TestRedis;
let taken: Server;
let takenPort: string;
beforeAll(async () => {
  database = await createTestDatabase();
  redis = createTestRedis();
  taken = createServer().listen(0);
  await once(taken, 'listening');
  takenPort = String((taken.address() as AddressInfo).port);
});
afterAll(async () => {
  taken.close();
  await redis.drop();
  await database.drop();
});

/** Starts the built process of an app, as a supervisor does: its output goes into pipes. */
function start(app: string, more: Record<string, string>) {
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    REDIS_PREFIX: redis.prefix,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_FORMAT: 'json',
    ...createMachineKeys(),
    ...more,
  };
  const child = spawn(process.execPath, [`apps/${app}/dist/main.js`], { env, cwd: new URL('..', import.meta.url) });
  return { child, exited: once(child, 'exit') as Promise<[number | null]> };
}

describe.each(['api', 'worker'])('the %s', (app) => {
  test.each([
    ['HEALTH_PORT', () => ({ HEALTH_PORT: takenPort }), /^Port \d+ \(HEALTH_PORT\) is taken: stop the program/],
    [
      'HEALTH_HOST',
      () => ({ HEALTH_PORT: '1024', HEALTH_HOST: '192.0.2.1' }),
      /^"192\.0\.2\.1" \(HEALTH_HOST\) is no address of this machine/,
    ],
    ...(app === 'api' ? ([['PORT', () => ({ PORT: takenPort }), /^Port \d+ \(PORT\) is taken: stop the program/]] as const) : []),
  ] as const)('ends with one line when it cannot listen on its %s', async (_setting, env, message) => {
    const { child, exited } = start(app, env());
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(await exited).toEqual([1, null]);
    expect(err).toBe('');
    const errors = out.split('\n').filter((line) => line.includes('"level":"error"'));
    expect(errors.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([expect.stringMatching(message)]);
    expect(out).not.toMatch(LINE_OF_A_STACK);
  });

  test('finishes and ends with one line when the reader of its log goes away', async () => {
    const { child, exited } = start(app, {});
    let log = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk;
      if (!log.includes('is ready.')) return;
      // The next line of the log is written when the process receives the signal.
      child.stdout.destroy();
      child.kill('SIGTERM');
    });
    const err = await text(child.stderr);
    await exited;
    expect(err).not.toMatch(LINE_OF_A_STACK);
  });
});

test('an API whose log nobody reads any more answers the request in flight, says so, and exits with 1', async () => {
  const { child, exited } = start('api', {});
  let log = '';
  const ready = new Promise<string>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk;
      const url = /API is ready\.[^\n]*"url":"([^"]+)"/.exec(log)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  const url = await ready;
  child.stdout.destroy();
  await once(child.stdout, 'close');
  const [response, err] = await Promise.all([fetch(`${url}/api/webhooks`), text(child.stderr)]);
  expect(response.status).toBe(401);
  expect(err).toBe('Nobody reads the log any more (EPIPE on standard output): this process stops.\n');
  expect(await exited).toEqual([1, null]);
});
