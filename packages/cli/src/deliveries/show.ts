import { Command } from 'commander';
import { parseCount } from '../option-values.js';
import type { components } from '@tidings/client';
import { printResult, type Io } from '../io.js';
import { unwrap, openServer, withServerOptions, type ServerOptions } from '../server.js';
import { formatFields } from '../table.js';

type Attempt = components['schemas']['Attempt'];

interface ShowOptions extends ServerOptions {
  before?: number;
}

/** `tidings deliveries show <id>`: prints one delivery with its newest attempts. */
export function showDeliveryCommand(io: Io): Command {
  return withServerOptions(new Command('show'))
    .description('Show one delivery with its newest attempts, at most 100')
    .argument('<id>', 'id of the delivery: dlv_…')
    .option('--before <number>', 'only attempts before the one with this number', parseCount)
    .action(async (id: string, options: ShowOptions) => {
      const server = openServer(options, io);
      const query = options.before === undefined ? {} : { before: options.before };
      const delivery = await unwrap(server, server.api.GET('/api/deliveries/{id}', { params: { path: { id }, query } }));
      printResult(io, options.json, delivery, () => {
        const { attempts, webhook_id, event_id, event_type, status, replay, created_at, next_attempt_at, finished_at } = delivery;
        const fields = { webhook_id, event_id, event_type, status, replay, created_at, next_attempt_at, finished_at };
        return [formatFields({ id, ...fields }), ...attempts.map(formatAttempt)].join('\n');
      });
      const first = delivery.attempts[0]?.number ?? 1;
      if (!options.json && first > 1) io.err(`Earlier attempts: --before ${String(first)}`);
    });
}

function formatAttempt(attempt: Attempt): string {
  const { number, started_at, duration_ms, status_code, error_class, error, counted, url } = attempt;
  const outcome = error_class === null ? 'succeeded' : `${error_class}: ${String(error)}`;
  const status = status_code === null ? 'no response' : String(status_code);
  const lines = [
    `attempt ${String(number)}  ${started_at}  ${status} after ${String(duration_ms)} ms, ${outcome}${counted ? '' : ' (not counted)'}`,
    ...(url === null ? [] : [`  POST ${url}`]),
    ...formatHeaders('>', attempt.request_headers),
    ...formatHeaders('<', attempt.response_headers),
    ...(attempt.response_body ? [`  ${attempt.response_body}`] : []),
  ];
  return lines.join('\n');
}

/** Returns a line for each header: `>` was sent, `<` was received. */
function formatHeaders(direction: '<' | '>', headers: Attempt['request_headers']): string[] {
  return Object.entries(headers ?? {}).map(([name, value]) => `  ${direction} ${name}: ${value}`);
}
