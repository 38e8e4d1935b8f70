import { Command } from 'commander';
import { brokenBy } from '@tidings/event-types';
import { EventTypeArgument } from '../completion/event-type-values.js';
import { EXIT, Failure } from '../failure.js';
import { printResult, type Io } from '../io.js';
import { parseVersion } from '../option-values.js';
import { openServer, withServerOptions, type ServerOptions } from '../server.js';
import { nameOf } from './judge.js';
import { definitionOf, dryRun, readEventType, writeEventType } from './registry-api.js';
import { writeChanges, writeWebhooks } from './write-judgement.js';

interface DefaultOptions extends ServerOptions {
  yes?: boolean;
}

/**
 * `tidings types default <type> <version>`: makes a version the default one. Prints what changes for publishers and receivers, and the
 * webhooks that get the version from then on. A change that breaks somebody needs `--yes`; without it the command exits with 1.
 */
export function setDefaultCommand(io: Io): Command {
  return withServerOptions(new Command('default'))
    .description('Make a version the default one, by which events without a version are published')
    .addArgument(new EventTypeArgument())
    .argument('<version>', 'its version: 2', parseVersion)
    .option('--yes', 'also when that breaks publishers or receivers')
    .action(async (type: string, version: number, { yes = false, json, ...options }: DefaultOptions) => {
      const server = openServer(options, io);
      const served = await readEventType(server, type, version);
      const definition = definitionOf(served);
      const { changes, webhooks, more_webhooks } = await dryRun(server, definition, true);
      const breaks = brokenBy(changes);
      const isBreaking = breaks.length > 0 && !yes;
      const result = { type, version, was: served.default_version, breaks, changes, webhooks, more_webhooks };
      if (!isBreaking) await writeEventType(server, definition, true);
      printResult(io, json, { ...result, written: !isBreaking }, () =>
        [
          `${type}: default version ${String(served.default_version)} → ${String(version)}`,
          ...writeChanges(changes),
          ...writeWebhooks(webhooks, more_webhooks),
        ].join('\n'),
      );
      if (isBreaking) {
        throw new Failure(
          EXIT.failed,
          `${nameOf({ type, version })} breaks ${breaks.join(' and ')} of version ${String(served.default_version)}. Nothing was written: --yes makes it the default all the same.`,
        );
      }
    });
}
