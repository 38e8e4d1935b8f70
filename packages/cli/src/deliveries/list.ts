import { Command } from 'commander';
import { printResult, type Io } from '../io.js';
import { parseCount } from '../option-values.js';
import { unwrap, openServer, withServerOptions, type ServerOptions } from '../server.js';
import { formatTable } from '../table.js';
import { selectionQuery, withSelection, type Delivery, type Selection } from './selection.js';

interface ListOptions extends ServerOptions, Selection {
  limit: number;
  cursor?: string;
}

interface Page {
  data: Delivery[];
  next_cursor: string | null;
}

/** `tidings deliveries list --webhook <id>`: prints one page of the webhook's delivery log, newest first. */
export function listDeliveriesCommand(io: Io): Command {
  return withSelection(withServerOptions(new Command('list')))
    .description("List a webhook's deliveries, newest first")
    .option('--limit <number>', 'the size of the page, at most 200', parseCount, 50)
    .option('--cursor <cursor>', 'continue after an earlier page: the cursor that its output named')
    .action(async (options: ListOptions) => {
      const server = openServer(options, io);
      const { webhook: id, limit, cursor } = options;
      const read = (after: string | undefined): Promise<Page> => {
        const query = { ...selectionQuery(options), limit, ...(after === undefined ? {} : { cursor: after }) };
        return unwrap(server, server.api.GET('/api/webhooks/{id}/deliveries', { params: { path: { id }, query } }));
      };
      let page = await read(cursor);
      // Where few of many deliveries match, a page may be empty before the last one.
      while (page.data.length === 0 && page.next_cursor !== null) page = await read(page.next_cursor);
      printResult(io, options.json, page, () => (page.data.length === 0 ? 'No deliveries match.' : asTable(page.data)));
      if (!options.json && page.next_cursor !== null) io.err(`More deliveries: --cursor ${page.next_cursor}`);
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
  return formatTable(['ID', 'STATUS', 'ATTEMPTS', 'TYPE', 'EVENT', 'CREATED'], rows);
}
