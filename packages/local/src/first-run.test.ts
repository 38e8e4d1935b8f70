import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createTestDatabase, eventually, type TestDatabase } from '@tidings/testing';
import { startFirstRun, type FirstRun } from './first-run.js';
import { temporaryFolder } from './folder.js';
import { freePort } from './port.js';

const EVENT = { type: 'sync.completed', data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1 } };

let temporary: ReturnType<typeof temporaryFolder>;
let folder: string;
let run: FirstRun | undefined;
let database: TestDatabase | undefined;
let output = '';

beforeAll(() => {
  temporary = temporaryFolder();
  folder = join(temporary.folder, '.tidings');
});
afterEach(async () => {
  delete process.env['EVENT_TYPES'];
  await run?.stop();
});
afterAll(async () => {
  await database?.drop();
  temporary.remove();
});

async function start(env: NodeJS.ProcessEnv = {}): Promise<FirstRun> {
  output = '';
  const onOutput = (text: string) => (output += text);
  run = await startFirstRun({ folder, env: { ...process.env, DATABASE_URL: '', REDIS_URL: '', ...env }, onOutput });
  return run;
}

async function newDatabase(): Promise<string> {
  database = await createTestDatabase('empty');
  return database.url;
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

/** Pastes the lines of the tour that call the API by a method into a shell, and returns the status codes. */
function paste(pattern: RegExp): string[] {
  const lines = (run?.guidance ?? '').split('\n').filter((line) => pattern.test(line));
  return lines.map((line) => {
    const env = { ...process.env, AUTH: `Authorization: ${fromGuidance(/AUTH='Authorization: (.*)'/)}` };
    const printed = spawnSync('bash', ['-c', line.replace("-sw '\\n'", "-s -o /dev/null -w '%{http_code}'")], {
      env,
      encoding: 'utf8',
    });
    return printed.stdout;
  });
}
const testWithCurl = spawnSync('curl', ['--version']).status === 0 || process.env['CI'] ? test : test.skip;

testWithCurl('publishes an event of a type that the installation has, and defines one where it has none', async () => {
  const types = join(temporary.folder, 'types.json');
  const schema = { type: 'object', properties: { org_id: { type: 'string' } }, required: ['org_id'] };
  const numbered = { ...schema, properties: { org_id: { type: 'string', pattern: '^[0-9]+$' } } };
  const owned = { description: 'An invoice was paid.', audience: 'owner', owner_field: 'org_id', schema };
  const fields = { ...owned, examples: [{ org_id: 'acme' }] };
  writeFileSync(
    types,
    JSON.stringify([
      { type: 'a.without_example', ...owned },
      { type: 'b.of_numbered_owners', ...fields, schema: numbered, examples: [{ org_id: '1' }] },
      { type: 'invoice.paid', ...fields },
    ]),
  );
  process.env['EVENT_TYPES'] = types;
  await start({ DATABASE_URL: await newDatabase() });
  expect(paste(/^curl .*\/api\/events /)).toEqual(['202']);
  await eventually(() => {
    expect(output).toMatch(/✓ invoice\.paid .* \{"org_id":"alice"\}/);
  });

  const authorization = fromGuidance(/AUTH='Authorization: (.*)'/);
  for (const type of ['a.without_example', 'b.of_numbered_owners', 'invoice.paid']) {
    const url = `${fromGuidance(/API {9}(\S+)/)}/api/event-types/${type}`;
    expect((await fetch(url, { method: 'DELETE', headers: { authorization } })).status).toBe(204);
  }
  await run?.stop();
  delete process.env['EVENT_TYPES'];
  await start({ DATABASE_URL: database?.url ?? '' });
  expect(paste(/^curl .*(-X PUT|\/api\/events) /)).toEqual(['201', '202']);
  await eventually(() => {
    expect(output).toContain('✓ greeting.sent');
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
