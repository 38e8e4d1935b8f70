import { Command, InvalidArgumentError } from 'commander';
import type { paths } from '@tidings/client';
import { writeJson } from '@tidings/events';
import { EventTypeArgument } from '../completion/event-type-values.js';
import { reasonOf, usageError } from '../failure.js';
import { printResult, type Io } from '../io.js';
import { parseVersion } from '../option-values.js';
import { unwrap, openServer, withServerOptions, type Server, type ServerOptions } from '../server.js';
import { findEventType, listEventTypes, type EventType } from '../types/registry-api.js';
import { assign, type Assignment } from './assign.js';

interface TriggerOptions extends ServerOptions {
  set: Assignment[];
  id?: string;
  eventVersion?: number;
  dryRun?: boolean;
}

interface Draft {
  type: string;
  /** Missing: the default version of the type. */
  version?: number;
  data: Record<string, unknown>;
  id?: string;
}

type PublishBody = NonNullable<paths['/api/events']['post']['requestBody']>['content']['application/json'];

/**
 * `tidings trigger <type>`: publishes the first example of an event type, with the values of `--set`, and with the token's owner in
 * the field that names it. The server validates the event; its error names every wrong field.
 */
export function triggerCommand(io: Io): Command {
  return withServerOptions(new Command('trigger'))
    .description('Publish an event: the first example of the type, with the values of --set')
    .addArgument(new EventTypeArgument())
    .option('--set <field=value>', 'set a field: items_synced=150, record_counts.artists=7; may be repeated', parseAssignment, [])
    .option('--id <id>', 'id of the event: an event that is sent twice with one id is published once')
    .option('--event-version <number>', 'the version of the type (default: its default version)', parseVersion)
    .option('--dry-run', 'print the event without publishing it')
    .action(async (type: string, options: TriggerOptions) => {
      const server = openServer(options, io);
      const { eventVersion: version } = options;
      const data = buildData(await readType(server, type, version), server.owner, options.set);
      const draft: Draft = { type, ...(version === undefined ? {} : { version }), data };
      if (options.id !== undefined) draft.id = options.id;
      if (options.dryRun) {
        printResult(io, options.json, draft, () => JSON.stringify(draft, null, 2));
        return;
      }
      // The type comes from the server's catalog, so TypeScript cannot know it.
      const accepted = await unwrap(
        server,
        server.api.POST('/api/events', { body: draft as unknown as PublishBody, bodySerializer: writeJson }),
      );
      if (!('id' in accepted)) return;
      printResult(io, options.json, { ...accepted, ...draft, id: accepted.id }, () =>
        [`${accepted.status} ${accepted.id} (${type})`, JSON.stringify(draft.data, null, 2)].join('\n'),
      );
    });
}

async function readType(server: Server, type: string, version: number | undefined): Promise<EventType> {
  const found = await findEventType(server, type, version);
  if (found !== undefined) return found;
  const noun = type.split('.')[0] ?? type;
  const similar = await listEventTypes(server, { search: noun });
  const other = similar.find((entry) => entry.type === type);
  if (other) throw usageError(`${type} has no version ${String(version)} (versions: ${other.versions.join(', ')}).`);
  const names = similar.map((entry) => entry.type).filter((name) => name.startsWith(`${noun}.`));
  const known = names.length > 0 ? `types of ${noun}: ${names.join(', ')}` : '"tidings types list" lists the types';
  throw usageError(`"${type}" is not in the server's catalog (${known}).`);
}

function buildData(
  { type, examples, schema, owner_field: field, audience }: EventType,
  owner: string,
  assignments: readonly Assignment[],
): Record<string, unknown> {
  const [example] = examples;
  if (example === undefined && assignments.length === 0) throw usageError(`${type} has no example: give its fields with --set.`);
  const named = audience === 'owner' && field !== null ? { [field]: owner } : {};
  try {
    return assign({ ...example, ...named }, schema, assignments);
  } catch (error) {
    throw usageError(`${reasonOf(error)}.`);
  }
}

function parseAssignment(text: string, before: Assignment[]): Assignment[] {
  const [, path, value] = /^([^=]+)=([\s\S]*)$/.exec(text) ?? [];
  if (path === undefined || value === undefined) throw new InvalidArgumentError('Write it as field=value.');
  return [...before, { path, text: value }];
}
