import { Command } from 'commander';
import { show, type Io } from '../io.js';
import { ask, openServer, withServer, type ServerOptions } from '../server.js';

/** `tidings deliveries retry <id>`: attempts it now, again or sooner, and does not wait for what comes of it. */
export function retryDeliveryCommand(io: Io): Command {
  return withServer(new Command('retry'))
    .description('Attempt one delivery now: again, or sooner')
    .argument('<id>', 'the delivery: dlv_…')
    .action(async (id: string, options: ServerOptions) => {
      const server = openServer(options, io);
      const delivery = await ask(server, server.api.POST('/api/deliveries/{id}/retry', { params: { path: { id } } }));
      show(
        io,
        options.json,
        delivery,
        () => `${id} is ${delivery.status}. "tidings deliveries show ${id}" tells what comes of it.`,
      );
    });
}
