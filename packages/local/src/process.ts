import { spawn, type SpawnOptions } from 'node:child_process';
import type { Duplex, Readable, Writable } from 'node:stream';

export interface LocalProcess {
  pid: number;
  /** What it has written lately (the last megabyte), both streams together. */
  output: () => string;
  /** Resolves once the output holds the text. Rejects when the process ends first, or after the deadline. */
  waitFor: (text: string, deadlineMs?: number) => Promise<void>;
  /**
   * Sends a signal and resolves with the exit code, or null when a signal ended it.
   *
   * @param signal default: the `stopSignal`
   * @param deadlineMs what has not ended by then is killed, in milliseconds; default 30,000
   */
  stop: (signal?: NodeJS.Signals, deadlineMs?: number) => Promise<number | null>;
  /** Resolves with the exit code when it ends, or null when a signal ended it. Rejects when it could not be started. */
  ended: Promise<number | null>;
}

export interface StartOptions extends Pick<SpawnOptions, 'env' | 'cwd' | 'uid' | 'gid'> {
  /** What error messages call it. Default: the command. */
  name?: string;
  /** How it is asked to stop. Default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** Its standard input. Default: empty. */
  input?: string;
  /** Called with each piece of output, for those who show it; error messages then don't repeat it. */
  onOutput?: ((text: string) => void) | undefined;
}

/**
 * Becomes the command that follows. Beside it, a shell waits for the end of a pipe that we hold, which comes even when
 * we are killed, and then sends the signal to what is left of the process's group.
 */
const OUTLIVED_BY_US = '(read -r _ <&3; kill -s "$0" 0) >/dev/null 2>&1 & exec "$@" 3<&-';
const KEPT_OUTPUT = 1024 * 1024;
const running = new Set<number>();

/**
 * Starts a process in a group of its own, so that Ctrl-C at the terminal reaches only us and we decide the order of
 * stopping. It never outlives this process: when we exit, it is killed; when we are killed, it is asked to stop.
 */
export function startProcess(command: string, args: readonly string[], options: StartOptions = {}): LocalProcess {
  const { name = command, stopSignal = 'SIGTERM', input = '', onOutput, ...spawnOptions } = options;
  const child = spawn('/bin/sh', ['-c', OUTLIVED_BY_US, stopSignal.replace('SIG', ''), command, ...args], {
    ...spawnOptions,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const [stdin, stdout, stderr, lifeline] = child.stdio as unknown as [Writable, Readable, Readable, Duplex];
  const { pid } = child;
  if (pid !== undefined) {
    if (running.size === 0) process.once('exit', killRunning);
    running.add(pid);
  }
  for (const stream of [stdin, lifeline]) stream.on('error', () => undefined);
  stdin.end(input);
  child.once('exit', () => lifeline.destroy());

  let output = '';
  const watchers = new Set<() => void>();
  const take = (text: string): void => {
    output += text;
    if (output.length > 2 * KEPT_OUTPUT) output = output.slice(-KEPT_OUTPUT);
    onOutput?.(text);
    for (const watch of watchers) watch();
  };
  for (const stream of [stdout, stderr]) stream.setEncoding('utf8').on('data', take);

  let hasEnded = false;
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => {
      // Only a process that never started is one that ended with an error.
      if (pid === undefined) reject(new Error(`${name} could not be started: ${error.message}`));
    });
    child.once('close', resolve);
  }).finally(() => {
    hasEnded = true;
    if (pid !== undefined) running.delete(pid);
    if (running.size === 0) process.off('exit', killRunning);
    for (const watch of watchers) watch();
  });
  ended.catch(() => undefined);

  const fail = (what: string): Error => new Error(onOutput ? `${name} ${what}.` : `${name} ${what}:\n${output}`);

  return {
    pid: pid ?? -1,
    output: () => output,
    ended,
    waitFor(text, deadlineMs = 30_000) {
      return new Promise((resolve, reject) => {
        const finish = (error?: Error): void => {
          clearTimeout(timer);
          watchers.delete(watch);
          if (error) reject(error);
          else resolve();
        };
        const watch = (): void => {
          if (output.includes(text)) finish();
          else if (hasEnded) finish(fail(`ended before it said "${text}"`));
        };
        const timer = setTimeout(() => {
          finish(fail(`did not say "${text}" within ${String(deadlineMs)} ms`));
        }, deadlineMs);
        watchers.add(watch);
        watch();
      });
    },
    async stop(signal = stopSignal, deadlineMs = 30_000) {
      if (hasEnded) return child.exitCode;
      const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      child.kill(signal);
      return ended.finally(() => {
        clearTimeout(timer);
      });
    },
  };
}

function killRunning(): void {
  for (const pid of running) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It ended in the meantime.
    }
  }
}
