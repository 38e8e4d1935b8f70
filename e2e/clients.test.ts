import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTidings, type Tidings } from './harness/tidings.js';

/** Clients of generators that npm has. `npm run clients` generates those of other languages, which a scheduled workflow runs. */
let tidings: Tidings;
let folder: string;
beforeAll(async () => {
  tidings = await startTidings();
  folder = await mkdtemp(join(tmpdir(), 'tidings-client-'));
});
afterAll(async () => {
  await tidings.stop();
  await rm(folder, { recursive: true });
});

test('the client that Hey API generates registers a webhook, publishes and lists', async () => {
  const document = join(folder, 'openapi.json');
  await writeFile(document, await (await fetch(`${tidings.url}/openapi.json`)).text());
  const { token } = tidings.asUser('hey-api', 'events:publish');
  const environment = { DOCUMENT: document, WORK: folder, TIDINGS_URL: tidings.url, OWNER: 'hey-api', TOKEN: token };
  const run = promisify(execFile)('bash', [join(import.meta.dirname, 'clients/hey-api/run.sh')], {
    env: { ...process.env, ...environment },
  });
  await expect(run).resolves.toMatchObject({ stderr: '' });
});
