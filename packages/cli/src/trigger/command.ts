import { Command, InvalidArgumentError } from 'commander';
import type { paths } from '@tidings/client';
import { writeJson } from '@tidings/events';
import { reasonOf, usageError } from '../failure.js';
import { printResult, type Io } from '../io.js';
import { unwrap, openServer, withServerOptions, type Server, type ServerOptions } from '../server.js';
import { assign, type Assignment } from './assign.js';

interface TriggerOptions extends ServerOptions {
  set: Assignment[];
  id?: string;
  dryRun?: boolean;
}

interface Draft {
  type: string;
  data: Record<string, unknown>;
  id?: string;
}

type PublishBody = NonNullable<paths['/api/events']['post']['requestBody']>['content']['application/json'];

/**
 * `tidings trigger <type>`: publishes the catalog's example of an event type, with the values of `--set`, and with the token's owner
 * as its `user_id`. The server validates the event; its error names every wrong field.
 */
export function triggerCommand(io: Io): Command {
  return withServerOptions(new Command('trigger'))
    .description("Publish an event: the catalog's example of the type, with the values of --set")
    .argument('<type>', 'the event type: sync.completed')
    .option('--set <field=value>', 'set a field: items_synced=150, record_counts.artists=7; may be repeated', parseAssignment, [])
    .option('--id <id>', 'id of the event: an event that is sent twice with one id is published once')
    .option('--dry-run', 'print the event without publishing it')
    .action(async (type: string, options: TriggerOptions) => {
      const server = openServer(options, io);
      const draft: Draft = { type, data: await buildData(server, type, options.set) };
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

async function buildData(server: Server, type: string, assignments: readonly Assignment[]): Promise<Record<string, unknown>> {
  const { data: types } = await unwrap(server, server.api.GET('/api/event-types'));
  const found = types.find((entry) => entry.type === type);
  if (!found) {
    throw usageError(`"${type}" is not in the server's catalog (types: ${types.map((entry) => entry.type).join(', ')}).`);
  }
  const owner = found.owner_field === null ? {} : { [found.owner_field]: server.owner };
  try {
    return assign({ ...found.example, ...owner }, found.schema, assignments);
  } catch (error) {
    throw usageError(`${reasonOf(error)}.`);
  }
}

function parseAssignment(text: string, before: Assignment[]): Assignment[] {
  const [, path, value] = /^([^=]+)=([\s\S]*)$/.exec(text) ?? [];
  if (path === undefined || value === undefined) throw new InvalidArgumentError('Write it as field=value.');
  return [...before, { path, text: value }];
}
