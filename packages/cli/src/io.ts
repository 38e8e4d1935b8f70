/** All that the commands know of the process they run in. */
export interface Io {
  env: NodeJS.ProcessEnv;
  /** The working folder. */
  folder: string;
  /** Where the user's settings are: `~/.config/tidings` on most systems. It need not exist. */
  configFolder: string;
  /** Reads standard input to its end. */
  stdin: () => Promise<Buffer>;
  /** Writes one line to standard output: what was asked for. */
  out: (line: string) => void;
  /** Writes one line to standard error: what went wrong, and how far something is. */
  err: (line: string) => void;
  /** Draws over the current line of the terminal, or null where standard error is none. */
  redraw: ((line: string) => void) | null;
  /** From its call on, Ctrl-C and SIGTERM abort this signal instead of ending the process. */
  waitForShutdown: () => AbortSignal;
}

/** Prints a result: with `--json` as one line of JSON, otherwise as text. */
export function show(io: Pick<Io, 'out'>, json: boolean | undefined, value: unknown, text: () => string): void {
  io.out(json ? JSON.stringify(value) : text());
}
