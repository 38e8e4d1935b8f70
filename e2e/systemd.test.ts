import { expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeSettings } from '@tidings/config';
import { temporaryFolder, WORKER_FLAGS } from '@tidings/local';
import { apiSettings } from '../apps/api/src/config.js';
import { workerSettings } from '../apps/worker/src/config.js';
import { describeWith, findProgram } from './harness/programs.js';

const SYSTEMD_ANALYZE = findProgram('systemd-analyze');
const FOLDER = join(import.meta.dirname, '../deploy/systemd');
const units = readdirSync(FOLDER).filter((file) => file.endsWith('.service'));
const API = 'tidings-api@.service';
const WORKER = 'tidings-worker@.service';
/** The highest exposure that is accepted, in the tenths of systemd-analyze: 1.3 is 13. */
const MAX_EXPOSURE = 15;

/** The values of a directive of a unit. */
function valuesOf(unit: string, directive: string): string[] {
  const text = readFileSync(join(FOLDER, unit), 'utf8');
  return [...text.matchAll(new RegExp(`^${directive}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}
const environmentOf = (unit: string) =>
  new Map(valuesOf(unit, 'Environment').flatMap((line) => line.split(' ').map((one) => one.split('=') as [string, string])));
const settings = describeSettings({ API: apiSettings, worker: workerSettings });
const defaultOf = (name: string) => Number(settings.find((setting) => setting.name === name)?.initial);

test.each(units)('%s names only settings that its process has, and files of secrets that it loads', (unit) => {
  const process = unit === API ? 'API' : 'worker';
  const ofNode = ['NODE_ENV', 'UV_THREADPOOL_SIZE'];
  const names = settings.filter(({ processes }) => processes.includes(process)).map(({ name }) => name);
  const loaded = valuesOf(unit, 'LoadCredential').map((credential) => credential.split(':')[0]);
  const files: string[] = [];
  for (const [name, value] of environmentOf(unit)) {
    if (value.startsWith('%d/')) files.push(value.slice('%d/'.length));
    // HOST is also the address of a worker's health port.
    if (name !== 'HOST' && !ofNode.includes(name)) expect(names).toContain(name.replace(/_FILE$/, ''));
  }
  expect(files.sort()).toEqual(loaded.sort());
});

test('the units start the built processes, and give them the time that they may take to stop', () => {
  expect(valuesOf(API, 'ExecStart')).toEqual(['/usr/bin/node apps/api/dist/main.js']);
  expect(valuesOf(WORKER, 'ExecStart')).toEqual([`/usr/bin/node ${WORKER_FLAGS.join(' ')} apps/worker/dist/main.js`]);
  const stopMs = (unit: string) => Number(valuesOf(unit, 'TimeoutStopSec')[0]) * 1000;
  expect(stopMs(API)).toBeGreaterThan(defaultOf('SHUTDOWN_DELAY_MS') + defaultOf('SHUTDOWN_IDLE_MS') + 10_000);
  expect(stopMs(WORKER)).toBeGreaterThan(defaultOf('DELIVERY_TIMEOUT_MS') + 5000);
});

test('the API may open as many files as MAX_CONNECTIONS needs', () => {
  expect(Number(valuesOf(API, 'LimitNOFILE')[0])).toBeGreaterThan(defaultOf('MAX_CONNECTIONS') + 500);
});

describeWith({ 'systemd-analyze': SYSTEMD_ANALYZE }, 'checked by systemd-analyze', () => {
  test.each(units)('%s is valid, and has no right that it does not need', (unit) => {
    const { folder, remove } = temporaryFolder();
    try {
      const instance = join(folder, unit.replace('@', '@1'));
      // The check wants programs that exist.
      writeFileSync(instance, readFileSync(join(FOLDER, unit), 'utf8').replace('/usr/bin/node', process.execPath));
      const verified = spawnSync(SYSTEMD_ANALYZE ?? '', ['verify', instance], { encoding: 'utf8' });
      expect([verified.status, verified.stderr]).toEqual([0, '']);
      execFileSync(SYSTEMD_ANALYZE ?? '', ['security', '--offline=true', `--threshold=${String(MAX_EXPOSURE)}`, instance]);
    } finally {
      remove();
    }
  });
});
