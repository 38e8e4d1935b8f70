import { Command, Option } from 'commander';
import { EventTypeArgument, EventTypeOption } from '../completion/event-type-values.js';
import { printResult, type Io } from '../io.js';
import { openServer, withServerOptions, type ServerOptions } from '../server.js';
import { deprecateEventType } from './registry-api.js';

interface DeprecateOptions extends ServerOptions {
  replacedBy?: string;
  undo?: boolean;
}

/** `tidings types deprecate <type>`: marks a type as deprecated. Its events are published and delivered as before. */
export function deprecateTypeCommand(io: Io): Command {
  return withServerOptions(new Command('deprecate'))
    .description('Mark an event type as deprecated; its events are delivered as before')
    .addArgument(new EventTypeArgument())
    .addOption(new EventTypeOption('--replaced-by <type>', 'the type to use instead'))
    .addOption(new Option('--undo', 'mark it as not deprecated').conflicts('replacedBy'))
    .action(async (type: string, { replacedBy, undo = false, json, ...options }: DeprecateOptions) => {
      const body = { deprecated: !undo, ...(replacedBy === undefined ? {} : { replaced_by: replacedBy }) };
      const written = await deprecateEventType(openServer(options, io), type, body);
      const { replaced_by: replacement } = written;
      printResult(io, json, written, () =>
        undo
          ? `${type} is not deprecated any more.`
          : `${type} is deprecated${replacement === null ? '' : `: ${replacement} replaces it`}.`,
      );
    });
}
