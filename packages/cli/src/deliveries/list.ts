import { Command } from 'commander';
import { show, type Io } from '../io.js';
import { count } from '../moment.js';
import { ask, openServer, withServer, type ServerOptions } from '../server.js';
import { table } from '../table.js';
import { selectionQuery, withSelection, type Delivery, type Selection } from './selection.js';

interface ListOptions extends ServerOptions, Selection {
  limit: number;
  cursor?: string;
}

/** `tidings deliveries list --webhook <id>`: a page of its log, newest first. */
export function listDeliveriesCommand(io: Io): Command {
  return withSelection(withServer(new Command('list')))
    .description("List a webhook's deliveries, newest first")
    .option('--limit <number>', 'how many, at most 200', count, 50)
    .option('--cursor <cursor>', 'go on behind the page before')
    .action(async (options: ListOptions) => {
      const server = openServer(options, io);
      const { webhook: id, limit, cursor } = options;
      const query = { ...selectionQuery(options), limit, ...(cursor === undefined ? {} : { cursor }) };
      const page = await ask(server, server.api.GET('/api/webhooks/{id}/deliveries', { params: { path: { id }, query } }));
      show(io, options.json, page, () => (page.data.length === 0 ? 'There are none.' : asTable(page.data)));
      if (!options.json && page.next_cursor !== null) io.err(`There are more: --cursor ${page.next_cursor}`);
    });
}

function asTable(deliveries: readonly Delivery[]): string {
  const rows = deliveries.map((delivery) => [
    delivery.id,
    delivery.status,
    String(delivery.attempt_count),
    delivery.event_type,
    delivery.event_id,
    delivery.created_at,
  ]);
  return table(['ID', 'STATUS', 'ATTEMPTS', 'TYPE', 'EVENT', 'CREATED'], rows);
}
