import { Command } from 'commander';
import { printResult, type Io } from '../io.js';
import { unwrap, openServer, withServerOptions, type ServerOptions } from '../server.js';

/** `tidings deliveries retry <id>`: starts another attempt, or the pending one sooner, and does not wait for the result. */
export function retryDeliveryCommand(io: Io): Command {
  return withServerOptions(new Command('retry'))
    .description('Attempt one delivery now: again, or earlier than scheduled')
    .argument('<id>', 'id of the delivery: dlv_…')
    .action(async (id: string, options: ServerOptions) => {
      const server = openServer(options, io);
      const delivery = await unwrap(server, server.api.POST('/api/deliveries/{id}/retry', { params: { path: { id } } }));
      printResult(
        io,
        options.json,
        delivery,
        () => `${id} is ${delivery.status}. "tidings deliveries show ${id}" shows the result.`,
      );
    });
}
