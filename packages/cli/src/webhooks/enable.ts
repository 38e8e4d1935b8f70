import { Command } from 'commander';
import { EXIT, Failure } from '../failure.js';
import { printResult, type Io } from '../io.js';
import { unwrap, openServer, withServerOptions, type ServerOptions } from '../server.js';

/** `tidings webhooks enable <id>`. */
export function enableWebhookCommand(io: Io): Command {
  return withServerOptions(new Command('enable'))
    .description('Enable a webhook: it gets the events from now on')
    .argument('<id>', 'id of the webhook: wh_…')
    .action(async (id: string, options: ServerOptions) => {
      const server = openServer(options, io);
      const params = { path: { id } };
      const webhook = await unwrap(server, server.api.PATCH('/api/webhooks/{id}', { params, body: { enabled: true } }));
      printResult(io, options.json, webhook, () => `Enabled ${id}.`);
    });
}

interface DisableOptions extends ServerOptions {
  yes?: boolean;
}

/**
 * `tidings webhooks disable <id>`: while deliveries are pending, it names how many would be cancelled, offers the pause, and
 * exits with 1; `--yes` confirms.
 */
export function disableWebhookCommand(io: Io): Command {
  return withServerOptions(new Command('disable'))
    .description('Disable a webhook, and cancel its pending deliveries; "pause" keeps them')
    .argument('<id>', 'id of the webhook: wh_…')
    .option('--yes', 'cancel pending deliveries without asking')
    .action(async (id: string, { yes = false, ...options }: DisableOptions) => {
      const server = openServer(options, io);
      const params = { path: { id } };
      if (!yes) {
        const { pending } = await unwrap(
          server,
          server.api.GET('/api/webhooks/{id}/stats', { params: { ...params, query: { window: '1h' } } }),
        );
        if (pending > 0) throw new Failure(EXIT.failed, disableQuestion(id, pending), { pending });
      }
      const webhook = await unwrap(server, server.api.PATCH('/api/webhooks/{id}', { params, body: { enabled: false } }));
      printResult(io, options.json, webhook, () => `Disabled ${id}.`);
    });
}

/** The API counts no more. */
const MAX_COUNTED = 10_000;

/** Words the question before a webhook with so many pending deliveries is disabled. */
export function disableQuestion(id: string, pending: number): string {
  const count = pending >= MAX_COUNTED ? '10,000 or more' : String(pending);
  const deliveries = pending === 1 ? '1 pending delivery' : `${count} pending deliveries`;
  return `Disabling cancels ${deliveries}. "tidings webhooks pause ${id}" keeps them until you resume it; "tidings webhooks disable ${id} --yes" cancels them.`;
}
