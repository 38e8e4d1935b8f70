import { Command } from 'commander';
import type { components } from '@tidings/client';
import { printResult, type Io } from '../io.js';
import { unwrap, openServer, withServerOptions, type ServerOptions } from '../server.js';
import { formatTable } from '../table.js';

type Webhook = components['schemas']['Webhook'];

const PAGE = 200;

/** `tidings webhooks list`: prints all webhooks of the owner, newest first. */
export function listWebhooksCommand(io: Io): Command {
  return withServerOptions(new Command('list'))
    .description('List your webhooks, newest first')
    .action(async (options: ServerOptions) => {
      const server = openServer(options, io);
      const webhooks: Webhook[] = [];
      let cursor: string | null = null;
      do {
        const query = { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
        const page: { data: Webhook[]; next_cursor: string | null } = await unwrap(
          server,
          server.api.GET('/api/webhooks', { params: { query } }),
        );
        webhooks.push(...page.data);
        cursor = page.next_cursor;
      } while (cursor !== null);
      printResult(io, options.json, webhooks, () => (webhooks.length === 0 ? NONE : asTable(webhooks)));
    });
}

const NONE = 'There are no webhooks. "tidings webhooks create https://…" registers one.';

function asTable(webhooks: readonly Webhook[]): string {
  const rows = webhooks.map((webhook) => [webhook.id, stateOf(webhook), webhook.event_types.join(','), webhook.url]);
  return formatTable(['ID', 'STATE', 'TYPES', 'URL'], rows);
}

/** Returns the state of the webhook: whether it receives events, and why not. */
function stateOf(webhook: Webhook): string {
  const {
    enabled,
    paused_by: pausedBy,
    disabled_reason: reason,
    verification,
    circuit,
    throttled_until: throttledUntil,
  } = webhook;
  if (!enabled) return reason === null ? 'disabled' : `disabled (${reason})`;
  if (pausedBy.some((by) => by !== 'verification')) return 'paused';
  if (verification.state === 'waiting')
    return verification.error_class === null ? 'not verified' : `not verified (${verification.error_class})`;
  if (circuit.state !== 'closed') return `circuit ${circuit.state}`;
  return throttledUntil === null ? 'enabled' : `throttled until ${throttledUntil}`;
}
