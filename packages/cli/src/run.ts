import { Command, CommanderError } from 'commander';
import { deliveriesCommand } from './deliveries/command.js';
import { doctorCommand } from './doctor/command.js';
import { EXIT, Failure, reasonOf, type ExitCode } from './failure.js';
import type { Io } from './io.js';
import { listenCommand } from './listen/command.js';
import { replayCommand } from './replay.js';
import { resealCommand } from './reseal.js';
import { revokeCommand } from './revoke.js';
import { tokenCommand } from './token.js';
import { triggerCommand } from './trigger/command.js';
import { verifyCommand } from './verify.js';
import { webhooksCommand } from './webhooks/command.js';

/**
 * Runs `tidings` with these arguments, and answers with the exit code. Never throws for what a user may have done wrong: that
 * is one message on standard error, with `--json` as one line of JSON.
 */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const json = args.includes('--json');
  const program = new Command('tidings')
    .description('Tools for Tidings: webhooks and a live event stream')
    .addCommand(listenCommand(io))
    .addCommand(triggerCommand(io))
    .addCommand(webhooksCommand(io))
    .addCommand(deliveriesCommand(io))
    .addCommand(replayCommand(io))
    .addCommand(verifyCommand(io))
    .addCommand(tokenCommand(io))
    .addCommand(revokeCommand(io))
    .addCommand(resealCommand(io))
    .addCommand(doctorCommand(io));
  settle(program, io, json);
  try {
    await program.parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    return fail(error, io, json);
  }
}

/** Commander's settings, for a command and all below it: it writes where we say, and throws instead of ending the process. */
function settle(command: Command, io: Io, json: boolean): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => {
      io.out(text.trimEnd());
    },
    writeErr: (text) => {
      if (!json) io.err(text.trimEnd());
    },
  });
  for (const one of command.commands) settle(one, io, json);
}

function fail(error: unknown, io: Io, json: boolean): ExitCode {
  // Commander has said already what was wrong.
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    if (json) io.err(errorJson(EXIT.usage, error.message.replace(/^error: /, '')));
    // A group of commands without one of them shows its help.
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
