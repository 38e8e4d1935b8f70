import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { EXIT, Failure, reasonOf, type ExitCode } from './failure.js';
import type { Io } from './io.js';
import { visible } from './visible.js';

/** The commands in the order of the help. Each is loaded when needed: loading the PostgreSQL and Redis clients takes most of a second. */
const COMMANDS: Readonly<Record<string, (io: Io) => Promise<Command>>> = {
  listen: async (io) => (await import('./listen/command.js')).listenCommand(io),
  trigger: async (io) => (await import('./trigger/command.js')).triggerCommand(io),
  types: async (io) => (await import('./types/command.js')).typesCommand(io),
  webhooks: async (io) => (await import('./webhooks/command.js')).webhooksCommand(io),
  deliveries: async (io) => (await import('./deliveries/command.js')).deliveriesCommand(io),
  replay: async (io) => (await import('./replay.js')).replayCommand(io),
  verify: async (io) => (await import('./verify.js')).verifyCommand(io),
  token: async (io) => (await import('./token.js')).tokenCommand(io),
  revoke: async (io) => (await import('./revoke.js')).revokeCommand(io),
  reseal: async (io) => (await import('./reseal.js')).resealCommand(io),
  doctor: async (io) => (await import('./doctor/command.js')).doctorCommand(io),
  completion: async (io) => (await import('./completion/command.js')).completionCommand(io),
  complete: async (io) => (await import('./completion/command.js')).completeCommand(io, (name) => loadProgram(io, name)),
};

/**
 * Runs `tidings` with these arguments and returns the exit code. Errors are printed as one message on standard error, with `--json`
 * as one line of JSON; the function does not throw.
 */
export async function run(args: readonly string[], process: Io): Promise<ExitCode> {
  const io = withVisibleText(process);
  const json = args.includes('--json');
  const program = await loadProgram(io, args[0]);
  configure(program, io, json);
  try {
    await program.parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    return reportError(error, io, json);
  }
}

/** Loads the command `tidings` with the subcommand of this name, or with all if there is none. */
async function loadProgram(io: Io, name: string | undefined): Promise<Command> {
  const program = new Command('tidings')
    .description('Tools for Tidings: webhooks and a live event stream')
    .version(readVersion(), '-V, --version', 'print the version')
    // The version of a command's option is that of an event type.
    .enablePositionalOptions();
  const requested = Object.entries(COMMANDS).filter(([one]) => one === name);
  for (const [one, load] of requested.length > 0 ? requested : Object.entries(COMMANDS)) {
    program.addCommand(await load(io), { hidden: one === 'complete' });
  }
  return program;
}

/** Makes all that a command prints visible text. */
function withVisibleText(io: Io): Io {
  const { out, err, redraw } = io;
  return {
    ...io,
    out: (line) => {
      out(visible(line));
    },
    err: (line) => {
      err(visible(line));
    },
    redraw:
      redraw &&
      ((line) => {
        redraw(visible(line));
      }),
  };
}

/** Configures commander for a command and its subcommands: output goes to `io`, and errors are thrown instead of ending the process. */
function configure(command: Command, io: Io, json: boolean): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => {
      io.out(text.trimEnd());
    },
    writeErr: (text) => {
      if (!json) io.err(text.trimEnd());
    },
  });
  for (const subcommand of command.commands) configure(subcommand, io, json);
}

function reportError(error: unknown, io: Io, json: boolean): ExitCode {
  // Commander has already printed the error, or the help of a group without a subcommand.
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    if (json) io.err(errorJson(EXIT.usage, error.message.replace(/^error: /, '')));
    return EXIT.usage;
  }
  const failure = error instanceof Failure ? error : new Failure(EXIT.failed, reasonOf(error));
  if (json) io.err(errorJson(failure.exitCode, failure.message, failure.details));
  else if (failure.message !== '') io.err(`error: ${failure.message}`);
  return failure.exitCode;
}

function errorJson(exitCode: ExitCode, message: string, details: object = {}): string {
  return JSON.stringify({ error: { exit_code: exitCode, message, ...details } });
}

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
