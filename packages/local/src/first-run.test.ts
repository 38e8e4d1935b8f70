import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { eventually } from '@tidings/testing';
import { startFirstRun, type FirstRun } from './first-run.js';
import { temporaryFolder } from './folder.js';
import { freePort } from './port.js';

const EVENT = { type: 'sync.completed', data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1 } };

let temporary: ReturnType<typeof temporaryFolder>;
let folder: string;
let run: FirstRun | undefined;
let output = '';

beforeAll(() => {
  temporary = temporaryFolder();
  folder = join(temporary.folder, '.tidings');
});
afterEach(async () => {
  await run?.stop();
});
afterAll(() => {
  temporary.remove();
});

async function start(env: NodeJS.ProcessEnv = {}): Promise<FirstRun> {
  output = '';
  const onOutput = (text: string) => (output += text);
  run = await startFirstRun({ folder, env: { ...process.env, DATABASE_URL: '', REDIS_URL: '', ...env }, onOutput });
  return run;
}

/** The first group of the pattern in the guidance. */
function fromGuidance(pattern: RegExp): string {
  return pattern.exec(run?.guidance ?? '')?.[1] ?? '';
}

async function publish(): Promise<string> {
  const response = await fetch(`${fromGuidance(/API {9}(\S+)/)}/api/events`, {
    method: 'POST',
    headers: { authorization: fromGuidance(/AUTH='Authorization: (.*)'/), 'content-type': 'application/json' },
    body: JSON.stringify(EVENT),
  });
  expect(response.status).toBe(202);
  return ((await response.json()) as { id: string }).id;
}

test('delivers published events to the demo receiver, after the first start and after the next', async () => {
  await start();
  const first = await publish();
  await eventually(() => {
    expect(output).toContain(`✓ sync.completed (${first}, attempt 1, signature verified)`);
  });
  const webhook = fromGuidance(/(wh_[^/]+)/);
  await run?.stop();
  expect(output).toMatch(/api .*Stopped\.[^]*worker .*Stopping\./);

  await start();
  expect(fromGuidance(/(wh_[^/]+)/)).toBe(webhook);
  const second = await publish();
  await eventually(() => {
    expect(output).toContain(`✓ sync.completed (${second}, attempt 1, signature verified)`);
  });
});

test('starts the receiver first, and a worker again that has died', async () => {
  await start();
  expect(output.indexOf('Receiver is ready')).toBeLessThan(output.indexOf('API is ready'));
  if (run?.workerPid === undefined) throw new Error('A worker was expected.');
  process.kill(run.workerPid, 'SIGKILL');
  await eventually(() => {
    expect(output).toContain('The worker ended by a signal. It is started again in 1 s.');
    expect(output.match(/Worker is ready/g)).toHaveLength(2);
  });
  const id = await publish();
  await eventually(() => {
    expect(output).toContain(`✓ sync.completed (${id}, attempt 1, signature verified)`);
  });
});

test('names a part that ends by itself', async () => {
  const { unexpectedEnd } = await start();
  const [pid] = readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
  process.kill(Number(pid), 'SIGKILL');
  expect(await unexpectedEnd).toBe('PostgreSQL ended by a signal.');
});

test('refuses a PORT that is taken or is not a number', async () => {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  await expect(start({ PORT: String(port) })).rejects.toThrow(`Port ${String(port)} (PORT) is taken`);
  await expect(start({ PORT: 'http' })).rejects.toThrow('PORT is a number up to 65535, not "http".');
  server.close();
});
