import { Command, InvalidArgumentError, Option } from 'commander';
import { EventTypePatternsOption } from '../completion/event-type-values.js';
import { printResult, type Io } from '../io.js';
import { parseCount } from '../option-values.js';
import { unwrap, openServer, withServerOptions, type ServerOptions } from '../server.js';
import { formatFields } from '../table.js';

interface CreateOptions extends ServerOptions {
  types?: string[];
  description?: string;
  header?: Record<string, string>;
  disabled?: boolean;
  paused?: boolean;
  fifo?: boolean;
  maxInFlight?: number;
  rateLimit?: number;
  maxAttempts?: number;
  retrySchedule?: 'standard-webhooks';
}

/** `tidings webhooks create <target>`: registers a webhook and prints its secret, which is shown only once. */
export function createWebhookCommand(io: Io): Command {
  return withServerOptions(new Command('create'))
    .description('Register a webhook, and print its secret, which is shown only once')
    .argument('<target>', 'the URL that receives the events')
    .addOption(new EventTypePatternsOption('event types, comma-separated: sync.*,gaps.updated (default: all)'))
    .option('--description <text>', 'a description of its purpose')
    .option('--header <header>', 'a header of each request, "Name: value"; may be repeated', parseHeader)
    .option('--disabled', 'register the webhook disabled: it receives nothing yet')
    .option('--paused', 'register the webhook paused: its events wait until you resume it')
    .option('--fifo', 'deliver one event at a time, in the order of the event log')
    .option('--max-in-flight <number>', 'maximum number of requests in flight', parseCount)
    .option('--rate-limit <number>', 'maximum number of requests per second', parseCount)
    .option('--max-attempts <number>', 'maximum number of attempts of a delivery', parseCount)
    .addOption(
      new Option('--retry-schedule <name>', 'schedule of the attempts, instead of --max-attempts')
        .choices(['standard-webhooks'])
        .conflicts('maxAttempts'),
    )
    .action(async (target: string, options: CreateOptions) => {
      const server = openServer(options, io);
      const body = {
        url: target,
        ...defined({
          event_types: options.types,
          description: options.description,
          headers: options.header,
          enabled: options.disabled ? false : undefined,
          paused: options.paused,
          ordering: options.fifo ? ('fifo' as const) : undefined,
          max_in_flight: options.maxInFlight,
          rate_limit: options.rateLimit,
          retry: retryOf(options),
        }),
      };
      const webhook = await unwrap(server, server.api.POST('/api/webhooks', { body }));
      printResult(io, options.json, webhook, () =>
        formatFields({ id: webhook.id, url: webhook.url, types: webhook.event_types.join(','), secret: webhook.secret }),
      );
      if (!options.json) io.err('Store the secret: it is not shown again.');
    });
}

function retryOf({ maxAttempts, retrySchedule }: CreateOptions) {
  if (retrySchedule !== undefined) return { schedule: retrySchedule };
  return maxAttempts === undefined ? undefined : { max_attempts: maxAttempts };
}

/** Removes undefined fields, so that the server's defaults apply. */
function defined<Fields extends object>(fields: Fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
}

function parseHeader(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^:\s]+):\s*(\S.*)?$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Write it as "Name: value".');
  return { ...before, [name]: value };
}
