import { Command } from 'commander';
import { show, type Io } from '../io.js';
import { ask, openServer, withServer, type ServerOptions } from '../server.js';

/** `tidings webhooks delete <id>`: removes it, and cancels what is pending. */
export function deleteWebhookCommand(io: Io): Command {
  return withServer(new Command('delete'))
    .description('Remove a webhook, and cancel its pending deliveries')
    .argument('<id>', 'the webhook: wh_…')
    .action(async (id: string, options: ServerOptions) => {
      const server = openServer(options, io);
      await ask(server, server.api.DELETE('/api/webhooks/{id}', { params: { path: { id } } }));
      show(io, options.json, { id, deleted: true }, () => `Removed ${id}.`);
    });
}
