import { writeJson } from '@tidings/events';

/** The interface of a command to its process: environment, folders, streams and signals. */
export interface Io {
  env: NodeJS.ProcessEnv;
  /** The working folder. */
  folder: string;
  /** The folder for the user's settings: `~/.config/tidings` on most systems. It may be missing. */
  configFolder: string;
  /** Reads standard input to its end. */
  stdin: () => Promise<Buffer>;
  /** Writes one line of the result to standard output. */
  out: (line: string) => void;
  /** Writes one line to standard error: errors and progress. */
  err: (line: string) => void;
  /** Overwrites the current line of the terminal; null when standard error is not a terminal. */
  redraw: ((line: string) => void) | null;
  /** Makes Ctrl-C and SIGTERM abort the returned signal instead of ending the process. */
  waitForShutdown: () => AbortSignal;
}

/** Prints the result of a command: with `--json` the value as one line of JSON, otherwise the text. */
export function printResult(io: Pick<Io, 'out'>, json: boolean | undefined, value: unknown, text: () => string): void {
  io.out(json ? writeJson(value) : text());
}
