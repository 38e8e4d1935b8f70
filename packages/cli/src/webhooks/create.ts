import { Command, InvalidArgumentError } from 'commander';
import { show, type Io } from '../io.js';
import { count, list } from '../moment.js';
import { ask, openServer, withServer, type ServerOptions } from '../server.js';
import { facts } from '../table.js';

interface CreateOptions extends ServerOptions {
  types?: string[];
  description?: string;
  header?: Record<string, string>;
  disabled?: boolean;
  fifo?: boolean;
  maxInFlight?: number;
  rateLimit?: number;
  maxAttempts?: number;
}

/** `tidings webhooks create <target>`: registers a webhook, and prints its secret, the only time it is shown. */
export function createWebhookCommand(io: Io): Command {
  return withServer(new Command('create'))
    .description('Register a webhook, and print its secret, the only time it is shown')
    .argument('<target>', 'the URL that gets the events')
    .option('--types <types>', 'which events, with commas between: sync.*,gaps.updated (default: all)', list)
    .option('--description <text>', 'what it is for')
    .option('--header <header>', 'a header to send along, "Name: value"; may be repeated', header)
    .option('--disabled', 'register it without sending anything yet')
    .option('--fifo', 'one event at a time, in their order')
    .option('--max-in-flight <number>', 'the most requests at once', count)
    .option('--rate-limit <number>', 'the most requests in a second', count)
    .option('--max-attempts <number>', 'how often a delivery is attempted', count)
    .action(async (target: string, options: CreateOptions) => {
      const server = openServer(options, io);
      const body = {
        url: target,
        ...defined({
          event_types: options.types,
          description: options.description,
          headers: options.header,
          enabled: options.disabled ? false : undefined,
          ordering: options.fifo ? ('fifo' as const) : undefined,
          max_in_flight: options.maxInFlight,
          rate_limit: options.rateLimit,
          retry: options.maxAttempts === undefined ? undefined : { max_attempts: options.maxAttempts },
        }),
      };
      const webhook = await ask(server, server.api.POST('/api/webhooks', { body }));
      show(io, options.json, webhook, () =>
        facts({ id: webhook.id, url: webhook.url, types: webhook.event_types.join(','), secret: webhook.secret }),
      );
      if (!options.json) io.err('Keep the secret: it is not shown again.');
    });
}

/** What was given: a field that is undefined is left out, so that the server's own default holds. */
function defined<Fields extends object>(fields: Fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
}

function header(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Write it as "Name: value".');
  return { ...before, [name]: value };
}
