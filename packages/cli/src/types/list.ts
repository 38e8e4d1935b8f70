import { Command } from 'commander';
import { printResult, type Io } from '../io.js';
import { openServer, withServerOptions, type ServerOptions } from '../server.js';
import { formatTable } from '../table.js';
import { listEventTypes, type EventType, type EventTypeQuery } from './registry-api.js';

interface ListOptions extends ServerOptions, EventTypeQuery {}

/** `tidings types list`: prints the event types of the server. */
export function listTypesCommand(io: Io): Command {
  return withServerOptions(new Command('list'))
    .description("List the server's event types")
    .option('--search <text>', 'those with this text in the name, the title or the description')
    .option('--group <name>', 'those of this group')
    .option('--archived', 'the archived ones')
    .action(async ({ search, group, archived, json, ...options }: ListOptions) => {
      const types = await listEventTypes(openServer(options, io), { search, group, archived });
      printResult(io, json, types, () => (types.length === 0 ? 'No event types match.' : asTable(types)));
    });
}

function asTable(types: readonly EventType[]): string {
  const rows = types.map((type) => [
    type.type,
    String(type.default_version),
    type.versions.join(','),
    type.audience === 'owner' && type.owner_field !== null ? `owner (${type.owner_field})` : type.audience,
    type.group ?? '',
    stateOf(type),
  ]);
  return formatTable(['TYPE', 'DEFAULT', 'VERSIONS', 'AUDIENCE', 'GROUP', 'STATE'], rows);
}

function stateOf({ archived_at: archivedAt, deprecated_at: deprecatedAt, replaced_by: replacedBy }: EventType): string {
  if (archivedAt !== null) return 'archived';
  if (deprecatedAt === null) return 'active';
  return replacedBy === null ? 'deprecated' : `deprecated (use ${replacedBy})`;
}
