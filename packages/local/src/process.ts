import { spawn, type SpawnOptions } from 'node:child_process';
import type { Duplex, Readable, Writable } from 'node:stream';

/** A process that this process started. */
export interface LocalProcess {
  pid: number;
  /** The latest output, stdout and stderr together: at least the last 1,048,576 characters. */
  output: () => string;
  /** Resolves once the output holds the text. Rejects when the process ends first, or after the deadline. */
  waitFor: (text: string, deadlineMs?: number) => Promise<void>;
  /**
   * Sends a signal and resolves with the exit code, or null when a signal ended the process.
   *
   * @param signal default: the `stopSignal`
   * @param deadlineMs after it, the process is killed; in milliseconds, default 30,000
   */
  stop: (signal?: NodeJS.Signals, deadlineMs?: number) => Promise<number | null>;
  /** Resolves with the exit code, or null when a signal ended the process. Rejects when it could not be started. */
  ended: Promise<number | null>;
}

/** Options of {@link startProcess}. */
export interface StartOptions extends Pick<SpawnOptions, 'env' | 'cwd' | 'uid' | 'gid'> {
  /** The name in error messages. Default: the command. */
  name?: string;
  /** The signal that stops it cleanly. Default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** Standard input. Default: empty. */
  input?: string;
  /** Called with each chunk of output. With it, error messages do not contain the output again. */
  onOutput?: ((text: string) => void) | undefined;
}

/**
 * A shell command that replaces itself with the command in its arguments. A second shell reads a pipe whose other end this
 * process holds. The pipe closes when this process ends, even by SIGKILL; the second shell then sends the stop signal to the
 * process group.
 */
const STOP_WITH_PARENT = '(read -r _ <&3; kill -s "$0" 0) >/dev/null 2>&1 & exec "$@" 3<&-';
const KEPT_OUTPUT_CHARACTERS = 1024 * 1024;
const running = new Set<number>();

/**
 * Starts a process in its own process group, so that Ctrl-C at the terminal reaches only the calling process, which decides the
 * order of stopping. The started process does not outlive the caller: it is killed when the caller exits, and gets the stop
 * signal when the caller is killed.
 */
export function startProcess(command: string, args: readonly string[], options: StartOptions = {}): LocalProcess {
  const { name = command, stopSignal = 'SIGTERM', input = '', onOutput, ...spawnOptions } = options;
  const child = spawn('/bin/sh', ['-c', STOP_WITH_PARENT, stopSignal.replace('SIG', ''), command, ...args], {
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
  const onData = (text: string): void => {
    output += text;
    if (output.length > 2 * KEPT_OUTPUT_CHARACTERS) output = output.slice(-KEPT_OUTPUT_CHARACTERS);
    onOutput?.(text);
    for (const watch of watchers) watch();
  };
  for (const stream of [stdout, stderr]) stream.setEncoding('utf8').on('data', onData);

  let hasEnded = false;
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => {
      // An error of a started process, such as a failed kill, does not mean that it has ended.
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
    waitFor(text, deadlineMs = 60_000) {
      return new Promise((resolve, reject) => {
        const finish = (error?: Error): void => {
          clearTimeout(timer);
          watchers.delete(watch);
          if (error) reject(error);
          else resolve();
        };
        const watch = (): void => {
          if (output.includes(text)) finish();
          else if (hasEnded) finish(fail(`ended before it printed "${text}"`));
        };
        const timer = setTimeout(() => {
          finish(fail(`did not print "${text}" within ${String(deadlineMs)} ms`));
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
      // The process has just ended.
    }
  }
}
