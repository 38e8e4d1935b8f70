// Only in CI: it takes half a minute, and needs the built worker.
import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { misbehaviours, startHostileReceiver, type MisbehaviourName } from '../../test/hostile-receiver.js';

const TIMEOUT_MS = 400;
/** The growth of the process, compared with as many polite receivers. */
const GROWTH_MB = 32;
const AT_ONCE = 10;

test(`hostile receivers grow the process by less than ${String(GROWTH_MB)} MB, ${String(AT_ONCE)} at once of each kind`, async () => {
  const receiver = await startHostileReceiver();
  const polite = createHttpServer((request, response) => request.resume().on('end', () => response.end('thanks')));
  polite.listen(0, '127.0.0.1').unref();
  await once(polite, 'listening');
  const names = Object.keys(misbehaviours) as MisbehaviourName[];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', join(import.meta.dirname, '../../test/measure-sender.mjs'), String(TIMEOUT_MS), String(AT_ONCE)].concat(
      `http://127.0.0.1:${String((polite.address() as AddressInfo).port)}/`,
      names.map((name) => receiver.url(name)),
    ),
  );
  const growth = (JSON.parse(stdout) as number[]).map((mb, index) => [names[index], mb] as const);
  expect(growth.filter(([, mb]) => mb >= GROWTH_MB)).toEqual([]);
  expect(growth).toHaveLength(names.length);
  receiver.close();
}, 120_000);
