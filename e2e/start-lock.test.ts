import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startProcess, temporaryFolder, type LocalProcess } from '@tidings/local';

const LOCK = pathToFileURL(join(import.meta.dirname, '../scripts/lock.mjs')).href;

let temporary: ReturnType<typeof temporaryFolder>;
let processes: LocalProcess[];
beforeEach(() => {
  temporary = temporaryFolder();
  processes = [];
});
afterEach(async () => {
  await Promise.all(processes.map((process) => process.stop()));
  temporary.remove();
});

/** Starts a process that requests the lock like `npm start`, prints the holder's process id, and keeps the lock. */
async function requestLock(): Promise<{ process: LocalProcess; holder: string }> {
  const script = `
    import { lock } from ${JSON.stringify(LOCK)};
    console.log('holder: ' + (lock(${JSON.stringify(temporary.folder)}) ?? process.pid) + '.');
    process.on('SIGTERM', () => process.exit());
    setInterval(() => {}, 1000);`;
  const started = startProcess(process.execPath, ['--input-type=module', '-e', script]);
  processes.push(started);
  await started.waitFor('.\n');
  return { process: started, holder: /holder: (\d+)/.exec(started.output())?.[1] ?? '' };
}

test('gives a second start the process id of the first, until the first has ended', async () => {
  const first = await requestLock();
  expect(first.holder).toBe(String(first.process.pid));
  expect((await requestLock()).holder).toBe(first.holder);
  await first.process.stop();
  expect(existsSync(join(temporary.folder, 'lock'))).toBe(false);
  const next = await requestLock();
  expect(next.holder).toBe(String(next.process.pid));
});

test('ignores the lock of a killed process', async () => {
  const { process: killed } = await requestLock();
  await killed.stop('SIGKILL');
  const next = await requestLock();
  expect(next.holder).toBe(String(next.process.pid));
});

test('ignores a lock whose process id now belongs to another process', async () => {
  writeFileSync(join(temporary.folder, 'lock'), JSON.stringify({ pid: process.pid, started: 'long ago' }));
  const next = await requestLock();
  expect(next.holder).toBe(String(next.process.pid));
});

test('gives the lock to one of several concurrent starts', async () => {
  const requests = await Promise.all(Array.from({ length: 5 }, requestLock));
  expect(new Set(requests.map(({ holder }) => holder)).size).toBe(1);
});
