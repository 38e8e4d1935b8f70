import { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { reasonOf, usageError } from '../failure.js';
import type { Io } from '../io.js';
import { openServer, unwrap, withServerOptions, type ServerOptions } from '../server.js';
import { definitionOf } from './definition-of-served.js';
import { writeTypescript } from './write-typescript.js';

interface PullOptions extends ServerOptions {
  typescript?: boolean;
  jsonSchema?: boolean;
  out?: string;
}

/**
 * `tidings types pull`: writes the event types of the server, as types of TypeScript for publishers and receivers, or as the JSON file
 * that `tidings types diff` reads.
 */
export function pullCommand(io: Io): Command {
  return withServerOptions(new Command('pull'))
    .description("Write the server's event types for the code of publishers and receivers")
    .option('--typescript', 'write types of TypeScript')
    .option('--json-schema', 'write JSON with the JSON Schema of each type')
    .option('--out <file>', 'write into a file (default: standard output)')
    .action(async (options: PullOptions) => {
      if (Boolean(options.typescript) === Boolean(options.jsonSchema)) {
        throw usageError('name one format: --typescript or --json-schema.');
      }
      const server = openServer(options, io);
      const { data } = await unwrap(server, server.api.GET('/api/event-types'));
      const types = data.map(definitionOf);
      const text = options.typescript ? writeTypescript(types) : `${JSON.stringify({ types }, null, 2)}\n`;
      if (options.out === undefined) {
        io.out(text.trimEnd());
        return;
      }
      const path = resolve(io.folder, options.out);
      await writeFile(path, text).catch((error: unknown) => {
        throw usageError(`${path} cannot be written: ${reasonOf(error)}.`);
      });
      io.err(`${String(types.length)} types written to ${options.out}`);
    });
}
