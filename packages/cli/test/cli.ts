import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@tidings/testing';
import type { Io } from '../src/io.js';
import { run } from '../src/run.js';

/** Exit code and output of a command. */
export interface CommandResult {
  code: number;
  out: string;
  err: string;
}

/** Parsed JSON output. It is untyped, since the assertions check its content. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as for response bodies in all tests
type Json = any;

/** A command that runs until it is stopped. */
export interface RunningCommand {
  /** Returns the lines of `--json` so far. */
  lines: () => Record<string, unknown>[];
  /** Resolves with the first line of this kind and with these field values. */
  waitFor: (kind: string, fields?: object) => Promise<Record<string, unknown>>;
  /** Stops the command as Ctrl-C does, and resolves when it has ended. */
  stop: () => Promise<CommandResult>;
  ended: Promise<CommandResult>;
}

/** A simulated terminal with its own environment and settings folder. */
export interface Terminal {
  /** The folder for the user's settings. */
  configFolder: string;
  /**
   * Runs a command to its end.
   *
   * @param args separated by spaces, or a list when an argument contains spaces
   * @param more overrides for the command's interface to its process
   */
  run: (args: string | readonly string[], more?: Partial<Io>) => Promise<CommandResult>;
  /** Runs a command with `--json` and parses its output. */
  json: (args: string | readonly string[], more?: Partial<Io>) => Promise<{ code: number; json: Json; err: Json }>;
  /** Starts a command with `--json` that runs until it is stopped. */
  start: (args: string) => RunningCommand;
}

/**
 * Opens a simulated terminal with a new, missing settings folder.
 *
 * @param env environment of the commands
 */
export function openTerminal(env: NodeJS.ProcessEnv = {}): Terminal {
  const configFolder = join(mkdtempSync(join(tmpdir(), 'tidings cli-')), 'tidings');
  const open = (args: string | readonly string[], more: Partial<Io> = {}) => {
    const [out, err]: [string[], string[]] = [[], []];
    const stop = new AbortController();
    const io: Io = {
      env,
      folder: tmpdir(),
      configFolder,
      stdin: () => Promise.resolve(Buffer.from('')),
      out: (line) => out.push(line),
      err: (line) => err.push(line),
      redraw: null,
      waitForShutdown: () => stop.signal,
      ...more,
    };
    const ended = run(typeof args === 'string' ? args.split(' ') : args, io).then((code) => ({
      code,
      out: out.join('\n'),
      err: err.join('\n'),
    }));
    return { out, ended, stop };
  };
  return {
    configFolder,
    run: (args, more) => open(args, more).ended,
    async json(args, more) {
      const { code, out, err } = await open([...(typeof args === 'string' ? args.split(' ') : args), '--json'], more).ended;
      return { code, json: parse(out), err: parse(err) };
    },
    start(args) {
      const { out, ended, stop } = open(`${args} --json`);
      const lines = (): Record<string, unknown>[] => out.map((line) => JSON.parse(line) as Record<string, unknown>);
      return {
        lines,
        ended,
        waitFor: (kind, fields = {}) =>
          eventually(() => {
            const found = lines().find(
              (line) => line['kind'] === kind && Object.entries(fields).every(([name, value]) => line[name] === value),
            );
            if (!found) throw new Error(`No line of the kind ${kind} with ${JSON.stringify(fields)}: ${out.join('\n')}`);
            return found;
          }),
        stop() {
          stop.abort();
          return ended;
        },
      };
    },
  };
}

function parse(text: string): unknown {
  return text === '' ? undefined : JSON.parse(text.includes('\n') ? `[${text.split('\n').join(',')}]` : text);
}
