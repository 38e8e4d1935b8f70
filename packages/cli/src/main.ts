import { homedir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { run } from './run.js';

const { env, platform, stderr, stdin, stdout } = process;
const settings = env['XDG_CONFIG_HOME'] || (platform === 'win32' && env['APPDATA'] ? env['APPDATA'] : join(homedir(), '.config'));

// The reader of a pipe has closed it, such as | head: stop without an error.
stdout.on('error', () => process.exit());
stderr.on('error', () => undefined);

process.exitCode = await run(process.argv.slice(2), {
  env,
  folder: process.cwd(),
  configFolder: join(settings, 'tidings'),
  stdin: () => buffer(stdin),
  out: (line) => stdout.write(`${line}\n`),
  err: (line) => stderr.write(`${line}\n`),
  redraw: stderr.isTTY ? (line) => stderr.write(`\r\x1b[K${line}`) : null,
  waitForShutdown() {
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        stop.abort();
      });
    }
    return stop.signal;
  },
});
