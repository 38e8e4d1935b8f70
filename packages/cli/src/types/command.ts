import { Command } from 'commander';
import type { Io } from '../io.js';
import { diffCommand } from './diff.js';
import { pullCommand } from './pull.js';

/** `tidings types`: event types as contracts between publishers and receivers. */
export function typesCommand(io: Io): Command {
  return new Command('types')
    .description('Event types: what a change breaks, and types for your code')
    .addCommand(diffCommand(io))
    .addCommand(pullCommand(io));
}
