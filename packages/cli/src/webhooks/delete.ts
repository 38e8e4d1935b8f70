import { Command } from 'commander';
import { printResult, type Io } from '../io.js';
import { unwrap, openServer, withServerOptions, type ServerOptions } from '../server.js';

/** `tidings webhooks delete <id>`: deletes the webhook and cancels its pending deliveries. */
export function deleteWebhookCommand(io: Io): Command {
  return withServerOptions(new Command('delete'))
    .description('Delete a webhook, and cancel its pending deliveries')
    .argument('<id>', 'id of the webhook: wh_…')
    .action(async (id: string, options: ServerOptions) => {
      const server = openServer(options, io);
      await unwrap(server, server.api.DELETE('/api/webhooks/{id}', { params: { path: { id } } }));
      printResult(io, options.json, { id, deleted: true }, () => `Deleted ${id}.`);
    });
}
