import { Command } from 'commander';
import type { components } from '@tidings/client';
import { show, type Io } from '../io.js';
import { ask, openServer, withServer, type ServerOptions } from '../server.js';
import { table } from '../table.js';

type Webhook = components['schemas']['Webhook'];

const PAGE = 200;

/** `tidings webhooks list`: all of them, newest first. */
export function listWebhooksCommand(io: Io): Command {
  return withServer(new Command('list'))
    .description('List your webhooks, newest first')
    .action(async (options: ServerOptions) => {
      const server = openServer(options, io);
      const webhooks: Webhook[] = [];
      let cursor: string | null = null;
      do {
        const query = { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
        const page: { data: Webhook[]; next_cursor: string | null } = await ask(
          server,
          server.api.GET('/api/webhooks', { params: { query } }),
        );
        webhooks.push(...page.data);
        cursor = page.next_cursor;
      } while (cursor !== null);
      show(io, options.json, webhooks, () => (webhooks.length === 0 ? NONE : asTable(webhooks)));
    });
}

const NONE = 'There are none. "tidings webhooks create https://…" registers one.';

function asTable(webhooks: readonly Webhook[]): string {
  const rows = webhooks.map((webhook) => [webhook.id, stateOf(webhook), webhook.event_types.join(','), webhook.url]);
  return table(['ID', 'STATE', 'TYPES', 'URL'], rows);
}

/** What its owner wants to know first: whether it gets anything. */
function stateOf({ enabled, paused, disabled_reason: reason, circuit }: Webhook): string {
  if (!enabled) return reason === null ? 'disabled' : `disabled (${reason})`;
  if (paused) return 'paused';
  return circuit.state === 'closed' ? 'enabled' : `circuit ${circuit.state}`;
}
