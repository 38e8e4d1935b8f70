import { Argument, Command } from 'commander';
import type { Io } from '../io.js';
import { findCandidates } from './candidates.js';
import { SCRIPTS } from './scripts.js';

/** `tidings completion <shell>`: prints the script that completes commands, options and event types in a shell. */
export function completionCommand(io: Io): Command {
  return new Command('completion')
    .description('Print the script by which a shell completes commands, options and event types')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SCRIPTS)))
    .action((shell: keyof typeof SCRIPTS) => {
      io.out(SCRIPTS[shell]);
    });
}

/**
 * `tidings complete -- <words…>`: prints the candidates for the last word, line by line. Errors are not printed: the terminal shows
 * the user's unfinished command.
 *
 * @param loadProgram loads the command `tidings` with the subcommand of this name, or with all if there is none
 */
export function completeCommand(io: Io, loadProgram: (name: string | undefined) => Promise<Command>): Command {
  return new Command('complete').argument('[words...]').action(async (words: string[]) => {
    const candidates = await loadProgram(words.length > 1 ? words[0] : undefined)
      .then((program) => findCandidates(program, words, io))
      .catch(() => []);
    for (const candidate of candidates) io.out(candidate);
  });
}
