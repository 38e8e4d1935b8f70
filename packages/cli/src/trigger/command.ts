import { Command, InvalidArgumentError } from 'commander';
import type { paths } from '@tidings/client';
import { reasonOf, wrongUsage } from '../failure.js';
import { show, type Io } from '../io.js';
import { ask, openServer, withServer, type Server, type ServerOptions } from '../server.js';
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
 * `tidings trigger <type>`: publishes the example of a type, with other values where `--set` says so, and with whoever has the
 * token as its user. The server checks it, and names every wrong field.
 */
export function triggerCommand(io: Io): Command {
  return withServer(new Command('trigger'))
    .description("Publish an event: the catalog's example of its type, with what --set changes")
    .argument('<type>', 'the type of event: sync.completed')
    .option('--set <field=value>', 'another value: items_synced=150, record_counts.artists=7; may be repeated', assignment, [])
    .option('--id <id>', 'the id of the event: sent twice, it is still one')
    .option('--dry-run', 'print the event, and publish nothing')
    .action(async (type: string, options: TriggerOptions) => {
      const server = openServer(options, io);
      const draft: Draft = { type, data: await dataOf(server, type, options.set) };
      if (options.id !== undefined) draft.id = options.id;
      if (options.dryRun) {
        show(io, options.json, draft, () => JSON.stringify(draft, null, 2));
        return;
      }
      // Its type is one of the catalog's, which the server tells: TypeScript cannot know which.
      const accepted = await ask(server, server.api.POST('/api/events', { body: draft as unknown as PublishBody }));
      if (!('id' in accepted)) return;
      show(io, options.json, { ...accepted, ...draft, id: accepted.id }, () =>
        [`${accepted.status} ${accepted.id} (${type})`, JSON.stringify(draft.data, null, 2)].join('\n'),
      );
    });
}

async function dataOf(server: Server, type: string, assignments: readonly Assignment[]): Promise<Record<string, unknown>> {
  const { data: types } = await ask(server, server.api.GET('/api/event-types'));
  const found = types.find((one) => one.type === type);
  if (!found) {
    throw wrongUsage(`"${type}" is not in the server's catalog, which has ${types.map((one) => one.type).join(', ')}.`);
  }
  const own = found.audience === 'user' ? { user_id: server.owner } : {};
  try {
    return assign({ ...found.example, ...own }, found.schema, assignments);
  } catch (error) {
    throw wrongUsage(`${reasonOf(error)}.`);
  }
}

function assignment(text: string, before: Assignment[]): Assignment[] {
  const [, path, value] = /^([^=]+)=([\s\S]*)$/.exec(text) ?? [];
  if (path === undefined || value === undefined) throw new InvalidArgumentError('Write it as field=value.');
  return [...before, { path, text: value }];
}
