import { Command } from 'commander';
import type { components } from '@tidings/client';
import { printResult, type Io } from '../io.js';
import { unwrap, openServer, withServerOptions, type ServerOptions } from '../server.js';
import { formatFields } from '../table.js';

type Attempt = components['schemas']['Attempt'];

/** `tidings deliveries show <id>`: prints one delivery with all its attempts. */
export function showDeliveryCommand(io: Io): Command {
  return withServerOptions(new Command('show'))
    .description('Show one delivery with all its attempts')
    .argument('<id>', 'id of the delivery: dlv_…')
    .action(async (id: string, options: ServerOptions) => {
      const server = openServer(options, io);
      const delivery = await unwrap(server, server.api.GET('/api/deliveries/{id}', { params: { path: { id } } }));
      printResult(io, options.json, delivery, () => {
        const { attempts, webhook_id, event_id, event_type, status, replay, created_at, next_attempt_at, finished_at } = delivery;
        const fields = { webhook_id, event_id, event_type, status, replay, created_at, next_attempt_at, finished_at };
        return [formatFields({ id, ...fields }), ...attempts.map(formatAttempt)].join('\n');
      });
    });
}

function formatAttempt({ number, started_at, duration_ms, status_code, error_class, error, response_body }: Attempt): string {
  const outcome = error_class === null ? 'succeeded' : `${error_class}: ${String(error)}`;
  const status = status_code === null ? 'no response' : String(status_code);
  const line = `attempt ${String(number)}  ${started_at}  ${status} after ${String(duration_ms)} ms, ${outcome}`;
  return response_body ? `${line}\n  ${response_body}` : line;
}
