import { Command } from 'commander';
import { EventTypeArgument } from '../completion/event-type-values.js';
import { printResult, type Io } from '../io.js';
import { parseVersion } from '../option-values.js';
import { openServer, withServerOptions, type ServerOptions } from '../server.js';
import { nameOf } from './judge.js';
import { archiveEventType } from './registry-api.js';

interface ArchiveOptions extends ServerOptions {
  version?: number;
}

/** `tidings types archive <type>`: archives a type or one version of it. Its events are refused, and logged ones stay readable. */
export function archiveTypeCommand(io: Io): Command {
  return withServerOptions(new Command('archive'))
    .description('Archive an event type: new events of it are refused, and logged ones stay readable; "push" brings it back')
    .addArgument(new EventTypeArgument())
    .option('--version <number>', 'only this version, which is not the default one', parseVersion)
    .action(async (type: string, { version, json, ...options }: ArchiveOptions) => {
      await archiveEventType(openServer(options, io), type, version);
      printResult(io, json, { type, version: version ?? null, archived: true }, () => `Archived ${nameOf({ type, version })}.`);
    });
}
