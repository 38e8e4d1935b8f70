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
let shown = '';

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
  shown = '';
  const show = (text: string) => (shown += text);
  run = await startFirstRun({ folder, env: { ...process.env, DATABASE_URL: '', REDIS_URL: '', ...env }, show });
  return run;
}

/** What the guidance says, found in it as a reader would. */
function said(pattern: RegExp): string {
  return pattern.exec(run?.guidance ?? '')?.[1] ?? '';
}

async function publish(): Promise<string> {
  const response = await fetch(`${said(/API {9}(\S+)/)}/api/events`, {
    method: 'POST',
    headers: { authorization: said(/AUTH='Authorization: (.*)'/), 'content-type': 'application/json' },
    body: JSON.stringify(EVENT),
  });
  expect(response.status).toBe(202);
  return ((await response.json()) as { id: string }).id;
}

test('what is published arrives at the demo receiver, at the first start and at the next', async () => {
  await start();
  const first = await publish();
  await eventually(() => {
    expect(shown).toContain(`✓ sync.completed (${first}, attempt 1, signature verified)`);
  });
  const webhook = said(/(wh_[^/]+)/);
  await run?.stop();
  expect(shown).toMatch(/api .*Stopped\.[^]*worker .*Stopping\./);

  await start();
  expect(said(/(wh_[^/]+)/)).toBe(webhook);
  const second = await publish();
  await eventually(() => {
    expect(shown).toContain(`✓ sync.completed (${second}, attempt 1, signature verified)`);
  });
}, 90_000);

test('a part that ends by itself is named', async () => {
  const { broken } = await start();
  const [pid] = readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
  process.kill(Number(pid), 'SIGKILL');
  expect(await broken).toBe('PostgreSQL ended by a signal.');
}, 60_000);

test('a port that was asked for and is taken is a clear error', async () => {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  await expect(start({ PORT: String(port) })).rejects.toThrow(`Port ${String(port)} (PORT) is taken`);
  await expect(start({ PORT: 'http' })).rejects.toThrow('PORT is a number up to 65535, not "http".');
  server.close();
});
