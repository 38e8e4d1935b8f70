import { Argument, Option, type Command } from 'commander';
import type { Io } from '../io.js';
import type { ServerOptions } from '../server.js';
import { EventTypeArgument, EventTypeOption, EventTypePatternsOption } from './event-type-values.js';
import { matchingPatterns, matchingTypes } from './matching-types.js';

/** The part of a command line before the word to complete. */
interface Position {
  command: Command;
  /** The number of arguments before the word. */
  operands: number;
  /** The values of the options before the word, by their attribute names. */
  values: Record<string, string>;
  /** The option whose value the word is. */
  option: Option | undefined;
  /** Whether the word is behind `--`, where options end. */
  hasOptionsEnded: boolean;
}

/**
 * Returns the texts that may stand in the place of the last word, each beginning with that word.
 *
 * @param program the command `tidings`
 * @param words the words after `tidings`; the last one may be empty
 */
export async function findCandidates(program: Command, words: readonly string[], io: Pick<Io, 'env'>): Promise<string[]> {
  const word = words.at(-1) ?? '';
  const { command, operands, values, option, hasOptionsEnded } = positionAfter(program, words.slice(0, -1));
  const valuesOf = (owner: Option | Argument | undefined, text: string) => findValues(owner, text, values, io);
  if (option !== undefined) return valuesOf(option, word);
  if (command.commands.length > 0 && operands > 0) return [];
  if (word.startsWith('-') && !hasOptionsEnded) {
    const [, name, value] = /^(--[^=]+)=(.*)$/.exec(word) ?? [];
    if (name === undefined || value === undefined) return startingWith(word, namesOfOptions(command));
    return (await valuesOf(optionOf(command, name), value)).map((candidate) => `${name}=${candidate}`);
  }
  if (command.commands.length > 0) return startingWith(word, namesOfCommands(command));
  return valuesOf(command.registeredArguments[operands], word);
}

function positionAfter(program: Command, words: readonly string[]): Position {
  const position: Position = { command: program, operands: 0, values: {}, option: undefined, hasOptionsEnded: false };
  for (const word of words) {
    const { command, option, hasOptionsEnded } = position;
    const [name = word, value] = /^(--[^=]+)=(.*)$/.exec(word)?.slice(1) ?? [];
    const named = hasOptionsEnded ? undefined : optionOf(command, name);
    const subcommand = command.commands.find((one) => one.name() === word);
    if (option !== undefined) {
      position.values[option.attributeName()] = word;
      position.option = undefined;
    } else if (word === '--') position.hasOptionsEnded = true;
    else if (named !== undefined && value !== undefined) position.values[named.attributeName()] = value;
    else if (named?.required) position.option = named;
    else if (word.startsWith('-') && !hasOptionsEnded) continue;
    else if (subcommand !== undefined && position.operands === 0) position.command = subcommand;
    else position.operands += 1;
  }
  return position;
}

async function findValues(
  owner: Option | Argument | undefined,
  word: string,
  values: ServerOptions,
  io: Pick<Io, 'env'>,
): Promise<string[]> {
  if (owner instanceof EventTypePatternsOption) return matchingPatterns(word, values, io);
  if (owner instanceof EventTypeOption || owner instanceof EventTypeArgument) return matchingTypes(word, values, io);
  return startingWith(word, owner?.argChoices ?? []);
}

const startingWith = (word: string, texts: readonly string[]): string[] => texts.filter((text) => text.startsWith(word));

function optionOf(command: Command, name: string): Option | undefined {
  return command.options.find(({ long, short }) => long === name || short === name);
}

function namesOfOptions(command: Command): string[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => long ?? []);
}

function namesOfCommands(command: Command): string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => one.name());
}
