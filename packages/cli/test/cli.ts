import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@tidings/testing';
import type { Io } from '../src/io.js';
import { run } from '../src/run.js';

/** What a command left behind. */
export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** What tests look into: the assertions are what checks it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as the body of an answer is in every test
type Json = any;

/** A command that runs until it is stopped. */
export interface Running {
  /** The lines of `--json`, as far as there are any. */
  lines: () => Record<string, unknown>[];
  /** Resolves with the first line of this kind that has these fields. */
  waitFor: (kind: string, fields?: object) => Promise<Record<string, unknown>>;
  /** As Ctrl-C does. Resolves when it has ended. */
  stop: () => Promise<Ran>;
  ended: Promise<Ran>;
}

/** Somebody at a terminal of their own. */
export interface Terminal {
  /** Where the user's settings are. */
  configFolder: string;
  /** @param args with spaces between, or as a list where an argument holds spaces */
  run: (args: string | readonly string[], more?: Partial<Io>) => Promise<Ran>;
  /** Runs it with `--json`, and reads what it printed. */
  json: (args: string | readonly string[], more?: Partial<Io>) => Promise<{ code: number; json: Json; err: Json }>;
  start: (args: string) => Running;
}

/** @param env what the commands find in their environment */
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
