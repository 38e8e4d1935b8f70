import { Command } from 'commander';
import type { components } from '@tidings/client';
import { show, type Io } from '../io.js';
import { ask, openServer, withServer, type ServerOptions } from '../server.js';
import { facts } from '../table.js';

type Attempt = components['schemas']['Attempt'];

/** `tidings deliveries show <id>`: one delivery with every attempt. */
export function showDeliveryCommand(io: Io): Command {
  return withServer(new Command('show'))
    .description('Show one delivery with every attempt')
    .argument('<id>', 'the delivery: dlv_…')
    .action(async (id: string, options: ServerOptions) => {
      const server = openServer(options, io);
      const delivery = await ask(server, server.api.GET('/api/deliveries/{id}', { params: { path: { id } } }));
      show(io, options.json, delivery, () => {
        const { attempts, webhook_id, event_id, event_type, status, replay, created_at, next_attempt_at, finished_at } = delivery;
        const own = { webhook_id, event_id, event_type, status, replay, created_at, next_attempt_at, finished_at };
        return [facts({ id, ...own }), ...attempts.map(asText)].join('\n');
      });
    });
}

function asText({ number, started_at, duration_ms, status_code, error_class, error, response_body }: Attempt): string {
  const outcome = error_class === null ? 'succeeded' : `${error_class}: ${String(error)}`;
  const status = status_code === null ? 'no response' : String(status_code);
  const line = `attempt ${String(number)}  ${started_at}  ${status} after ${String(duration_ms)} ms, ${outcome}`;
  return response_body ? `${line}\n  ${response_body}` : line;
}
