import { Command } from 'commander';
import { printResult, type Io } from '../io.js';
import { unwrap, openServer, withServerOptions, type ServerOptions } from '../server.js';

/** `tidings deliveries cancel <id>`: makes no further attempt of a pending delivery. */
export function cancelDeliveryCommand(io: Io): Command {
  return withServerOptions(new Command('cancel'))
    .description('Cancel one pending delivery: it is not attempted any more')
    .argument('<id>', 'id of the delivery: dlv_…')
    .action(async (id: string, options: ServerOptions) => {
      const server = openServer(options, io);
      const delivery = await unwrap(server, server.api.POST('/api/deliveries/{id}/cancel', { params: { path: { id } } }));
      printResult(io, options.json, delivery, () => `${id} is ${delivery.status}.`);
    });
}
