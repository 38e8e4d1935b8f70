import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@tidings/testing';
import { temporaryFolder } from './folder.js';
import { startProcess } from './process.js';

const node = (script: string, options = {}) => startProcess(process.execPath, ['-e', script], { name: 'It', ...options });
const RUN_FOREVER = 'console.log("ready"); setInterval(() => {}, 1000);';

let temporary: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  temporary = temporaryFolder();
});
afterEach(() => {
  temporary.remove();
});

describe('a local process', () => {
  test('passes its output to onOutput, and ends with its exit code', async () => {
    let received = '';
    const it = node('console.log("to here"); console.error("and there"); process.exitCode = 3', {
      onOutput: (text: string) => (received += text),
    });
    expect(await it.ended).toBe(3);
    expect(it.output()).toContain('to here\n');
    expect(it.output()).toContain('and there\n');
    expect(received).toBe(it.output());
  });

  test('reads exactly the given input', async () => {
    const it = node('process.stdin.pipe(process.stdout)', { input: 'port "6379"\n' });
    expect(await it.ended).toBe(0);
    expect(it.output()).toBe('port "6379"\n');
  });

  test('is waited for until it prints a text; the wait rejects when the process ends first', async () => {
    const it = node('console.log("almost"); process.exitCode = 1');
    await it.waitFor('almost');
    await expect(it.waitFor('ready')).rejects.toThrow('It ended before it printed "ready":\nalmost');
  });

  test('is not waited for beyond the deadline', async () => {
    const it = node(RUN_FOREVER);
    await it.waitFor('ready');
    await expect(it.waitFor('steady', 10)).rejects.toThrow('It did not print "steady" within 10 ms');
    await it.stop();
  });

  test('stops on a signal, and is killed when it ignores the signal', async () => {
    const polite = node(`process.on('SIGINT', () => process.exit(7)); ${RUN_FOREVER}`, { stopSignal: 'SIGINT' });
    const ignoring = node(`process.on('SIGTERM', () => console.log('no')); ${RUN_FOREVER}`);
    await Promise.all([polite.waitFor('ready'), ignoring.waitFor('ready')]);
    expect(await polite.stop()).toBe(7);
    expect(await ignoring.stop('SIGTERM', 50)).toBeNull();
    expect(ignoring.output()).toContain('no');
    expect(await ignoring.stop()).toBeNull();
  });

  test('rejects the wait when there is no such command', async () => {
    const it = startProcess(join(temporary.folder, 'missing'), []);
    await expect(it.waitFor('ready')).rejects.toThrow('ended before it printed "ready"');
    expect(await it.ended).not.toBe(0);
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('does not outlive a parent that %s ends', async (signal) => {
    const built = join(import.meta.dirname, '../dist/index.js');
    const script = join(temporary.folder, 'parent.mjs');
    writeFileSync(
      script,
      `import { startProcess } from ${JSON.stringify(built)};
       const child = startProcess(process.execPath, ['-e', ${JSON.stringify(RUN_FOREVER)}]);
       await child.waitFor('ready');
       process.on('SIGTERM', () => process.exit());
       console.log(child.pid);`,
    );
    const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const child = Number(line.toString());
    expect(isAlive(child)).toBe(true);
    parent.kill(signal);
    await eventually(() => {
      expect(isAlive(child)).toBe(false);
    });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
