import { Command } from 'commander';
import type { Io } from '../io.js';
import { archiveTypeCommand } from './archive.js';
import { deprecateTypeCommand } from './deprecate.js';
import { diffCommand } from './diff.js';
import { listTypesCommand } from './list.js';
import { pullCommand } from './pull.js';
import { pushCommand } from './push.js';
import { setDefaultCommand } from './set-default.js';

/** `tidings types`: event types as contracts between publishers and receivers. */
export function typesCommand(io: Io): Command {
  return new Command('types')
    .description('Event types: list, push, diff, default, deprecate, archive, pull')
    .addCommand(listTypesCommand(io))
    .addCommand(pushCommand(io))
    .addCommand(diffCommand(io))
    .addCommand(setDefaultCommand(io))
    .addCommand(deprecateTypeCommand(io))
    .addCommand(archiveTypeCommand(io))
    .addCommand(pullCommand(io));
}
