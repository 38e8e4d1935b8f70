import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMachineKeys } from '@tidings/config';
import { freePort, startProcess, type LocalProcess } from '@tidings/local';
import { syncFailed } from '@tidings/events';
import { createTestDatabase, createTestRedis, eventually, type TestDatabase, type TestRedis } from '@tidings/testing';
import jwt from 'jsonwebtoken';
import { startReceiver } from './harness/receiver.js';
import { createUser } from './harness/user.js';

const ROOT = join(import.meta.dirname, '..');
const CONFINE = join(import.meta.dirname, 'harness/confine/confine.sh');
/** Only root may begin the restrictions. Debian's package python3-seccomp has the module. */
const canConfine = process.getuid?.() === 0 && spawnSync('/usr/bin/python3', ['-c', 'import seccomp']).status === 0;
const describeConfined = canConfine ? describe : describe.skip;

/** The values of a directive of a unit, joined. */
const valueOf = (unit: string, directive: string): string =>
  Array.from(
    readFileSync(join(ROOT, 'deploy/systemd', unit), 'utf8').matchAll(new RegExp(`^${directive}=(.+)$`, 'gm')),
    ([, value = '']) => value,
  ).join(' ');

/** Arguments that run a command with the files, the system calls and the address families of a unit. */
const confined = (unit: string, command: readonly string[]): string[] => [
  valueOf(unit, 'LimitNOFILE') || '1024',
  valueOf(unit, 'SystemCallFilter'),
  valueOf(unit, 'RestrictAddressFamilies'),
  ...command,
];
/** Starts the program of a unit's ExecStart under the restrictions of the unit. */
const startUnit = (unit: string, env: NodeJS.ProcessEnv): LocalProcess => {
  const [, ...args] = valueOf(unit, 'ExecStart').split(' ');
  return startProcess(CONFINE, confined(unit, [process.execPath, ...args]), { cwd: ROOT, env, name: unit });
};
/** Stops a unit as systemd does: the signal goes to the process itself, which is the only child of the wrapper. */
const stopUnit = async ({ pid, ended }: LocalProcess): Promise<number | null> => {
  execFileSync('pkill', ['-TERM', '-P', String(pid)]);
  return ended;
};

let database: TestDatabase;
let redis: TestRedis;
beforeAll(async () => {
  database = await createTestDatabase('empty');
  redis = createTestRedis();
});
afterAll(async () => {
  await redis.drop();
  await database.drop();
});

describeConfined('under the restrictions of the units (as root, with python3-seccomp)', () => {
  test('a process writes nowhere, has no capability and no new privileges, and no other system call or address family', () => {
    const program = `
        const { readFileSync, writeFileSync } = require('node:fs');
        const { spawnSync } = require('node:child_process');
        const attempt = (path) => { try { writeFileSync(path, ''); return 'written'; } catch ({ code }) { return code; } };
        const status = Object.fromEntries(readFileSync('/proc/self/status', 'utf8').split('\\n').map((line) => line.split(':\\t')));
        const { CapBnd, CapEff, NoNewPrivs, Seccomp } = status;
        const unshared = spawnSync('unshare', ['--mount', 'true']).stderr.toString();
        console.log(JSON.stringify({ CapBnd, CapEff, NoNewPrivs, Seccomp, written: ['/x', '/etc/x'].map(attempt), unshared }));`;
    const output = execFileSync(CONFINE, confined('tidings-worker@.service', [process.execPath, '-e', program]), {
      encoding: 'utf8',
    });
    expect(JSON.parse(output)).toEqual({
      CapBnd: '0000000000000000',
      CapEff: '0000000000000000',
      NoNewPrivs: '1',
      Seccomp: '2',
      written: ['EROFS', 'EROFS'],
      unshared: expect.stringContaining('not permitted'),
    });
  });

  test('migrations run, an API accepts, a worker delivers, and both stop cleanly', async () => {
    const keys = createMachineKeys();
    const [port, apiHealth, workerHealth] = [await freePort(), await freePort(), await freePort()];
    const env = {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      REDIS_PREFIX: redis.prefix,
      EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
      ...keys,
    };
    expect(await startUnit('tidings-migrate.service', env).ended).toBe(0);
    const api = startUnit('tidings-api@.service', { ...env, PORT: String(port), HEALTH_PORT: String(apiHealth) });
    const worker = startUnit('tidings-worker@.service', {
      ...env,
      HEALTH_PORT: String(workerHealth),
      UV_THREADPOOL_SIZE: '64',
    });
    for (const asked of [port, apiHealth, workerHealth]) {
      await eventually(async () => {
        expect((await fetch(`http://127.0.0.1:${String(asked)}/readyz`)).status).toBe(200);
      }, 60_000);
    }
    const tokenOf = (sub: string) => jwt.sign({ sub, scope: 'events:publish' }, keys.JWT_SECRET, { expiresIn: '1h' });
    const url = `http://127.0.0.1:${String(port)}`;
    const alice = createUser(url, tokenOf('alice'));
    const receiver = await startReceiver();
    await alice.register(receiver);
    await alice.publish(syncFailed({ user_id: 'alice', error_message: '' }, { id: 'confined' }));
    await receiver.waitFor(1);
    expect(receiver.counts()).toEqual({ confined: 1 });
    expect((await fetch(`http://127.0.0.1:${String(workerHealth)}/metrics`)).status).toBe(200);
    expect([await stopUnit(api), await stopUnit(worker)]).toEqual([0, 0]);
    expect(api.output() + worker.output()).not.toMatch(/EPERM|"level":"error"/);
  });
});
