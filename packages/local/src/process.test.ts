import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@tidings/testing';
import { temporaryFolder } from './folder.js';
import { startProcess } from './process.js';

const node = (script: string, options = {}) => startProcess(process.execPath, ['-e', script], { name: 'It', ...options });
const FOR_EVER = 'console.log("ready"); setInterval(() => {}, 1000);';

let temporary: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  temporary = temporaryFolder();
});
afterEach(() => {
  temporary.remove();
});

describe('a local process', () => {
  test('shows what it writes, and ends with its exit code', async () => {
    let shown = '';
    const it = node('console.log("to here"); console.error("and there"); process.exitCode = 3', {
      onOutput: (text: string) => (shown += text),
    });
    expect(await it.ended).toBe(3);
    expect(it.output()).toContain('to here\n');
    expect(it.output()).toContain('and there\n');
    expect(shown).toBe(it.output());
  });

  test('gets the input and nothing more', async () => {
    const it = node('process.stdin.pipe(process.stdout)', { input: 'port "6379"\n' });
    expect(await it.ended).toBe(0);
    expect(it.output()).toBe('port "6379"\n');
  });

  test('is waited for until it says something, and not when it ends first', async () => {
    const it = node('console.log("almost"); process.exitCode = 1');
    await it.waitFor('almost');
    await expect(it.waitFor('ready')).rejects.toThrow('It ended before it said "ready":\nalmost');
  });

  test('is not waited for beyond the deadline', async () => {
    const it = node(FOR_EVER);
    await it.waitFor('ready');
    await expect(it.waitFor('steady', 10)).rejects.toThrow('It did not say "steady" within 10 ms');
    await it.stop();
  });

  test('stops when it is asked to, and is killed when it does not', async () => {
    const polite = node(`process.on('SIGINT', () => process.exit(7)); ${FOR_EVER}`, { stopSignal: 'SIGINT' });
    const deaf = node(`process.on('SIGTERM', () => console.log('no')); ${FOR_EVER}`);
    await Promise.all([polite.waitFor('ready'), deaf.waitFor('ready')]);
    expect(await polite.stop()).toBe(7);
    expect(await deaf.stop('SIGTERM', 50)).toBeNull();
    expect(deaf.output()).toContain('no');
    expect(await deaf.stop()).toBeNull();
  });

  test('says so when there is no such command', async () => {
    const it = startProcess(join(temporary.folder, 'missing'), []);
    await expect(it.waitFor('ready')).rejects.toThrow('ended before it said "ready"');
    expect(await it.ended).not.toBe(0);
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('does not outlive its parent, ended by %s', async (signal) => {
    const built = join(import.meta.dirname, '../dist/index.js');
    const script = join(temporary.folder, 'parent.mjs');
    writeFileSync(
      script,
      `import { startProcess } from ${JSON.stringify(built)};
       const child = startProcess(process.execPath, ['-e', ${JSON.stringify(FOR_EVER)}]);
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
