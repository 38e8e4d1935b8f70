import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startProcess, temporaryFolder, type LocalProcess } from '@tidings/local';

const LOCK = pathToFileURL(join(import.meta.dirname, '../scripts/lock.mjs')).href;

let temporary: ReturnType<typeof temporaryFolder>;
let started: LocalProcess[];
beforeEach(() => {
  temporary = temporaryFolder();
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map((process) => process.stop()));
  temporary.remove();
});

/** Asks for the lock as `npm start` does, says who has it, and keeps it. */
async function askForLock(): Promise<{ process: LocalProcess; holder: string }> {
  const script = `
    import { lock } from ${JSON.stringify(LOCK)};
    console.log('holder: ' + (lock(${JSON.stringify(temporary.folder)}) ?? process.pid) + '.');
    process.on('SIGTERM', () => process.exit());
    setInterval(() => {}, 1000);`;
  const asking = startProcess(process.execPath, ['--input-type=module', '-e', script]);
  started.push(asking);
  await asking.waitFor('.\n');
  return { process: asking, holder: /holder: (\d+)/.exec(asking.output())?.[1] ?? '' };
}

test('a second start learns who runs, until that one has ended', async () => {
  const first = await askForLock();
  expect(first.holder).toBe(String(first.process.pid));
  expect((await askForLock()).holder).toBe(first.holder);
  await first.process.stop();
  expect(existsSync(join(temporary.folder, 'lock'))).toBe(false);
  const next = await askForLock();
  expect(next.holder).toBe(String(next.process.pid));
});

test('the lock of one that was killed counts for nothing', async () => {
  const { process: killed } = await askForLock();
  await killed.stop('SIGKILL');
  const next = await askForLock();
  expect(next.holder).toBe(String(next.process.pid));
});

test('nor does one whose process id is another process by now', async () => {
  writeFileSync(join(temporary.folder, 'lock'), JSON.stringify({ pid: process.pid, started: 'long ago' }));
  const next = await askForLock();
  expect(next.holder).toBe(String(next.process.pid));
});

test('of many who ask at once, one gets it', async () => {
  const asked = await Promise.all(Array.from({ length: 5 }, askForLock));
  expect(new Set(asked.map(({ holder }) => holder)).size).toBe(1);
});
