import { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { reasonOf, usageError } from '../failure.js';
import type { Io } from '../io.js';
import { openServer, withServerOptions, type Server, type ServerOptions } from '../server.js';
import { definitionOf, listEventTypes, readEventType } from './registry-api.js';
import { writeTypescript, type VersionedType } from './write-typescript.js';

interface PullOptions extends ServerOptions {
  typescript?: boolean;
  jsonSchema?: boolean;
  out?: string;
}

/**
 * `tidings types pull`: writes all versions of the server's event types, as types of TypeScript for publishers and receivers, or as the JSON file
 * that `tidings types diff` and `push` read.
 */
export function pullCommand(io: Io): Command {
  return withServerOptions(new Command('pull'))
    .description("Write the server's event types for the code of publishers and receivers")
    .option('--typescript', 'write types of TypeScript')
    .option('--json-schema', 'write JSON with the JSON Schema of each version')
    .option('--out <file>', 'write into a file (default: standard output)')
    .action(async (options: PullOptions) => {
      if (Boolean(options.typescript) === Boolean(options.jsonSchema)) {
        throw usageError('name one format: --typescript or --json-schema.');
      }
      const types = await readVersions(openServer(options, io));
      const text = options.typescript ? writeTypescript(types) : writeJson(types);
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

async function readVersions(server: Server): Promise<VersionedType[]> {
  const types: VersionedType[] = [];
  for (const served of await listEventTypes(server)) {
    const versions = [];
    for (const version of served.versions) {
      const isListed = version === served.version;
      versions.push(definitionOf(isListed ? served : await readEventType(server, served.type, version)));
    }
    types.push({ type: served.type, defaultVersion: served.default_version, versions });
  }
  return types;
}

function writeJson(types: readonly VersionedType[]): string {
  return `${JSON.stringify({ types: types.flatMap(({ versions }) => versions) }, null, 2)}\n`;
}
