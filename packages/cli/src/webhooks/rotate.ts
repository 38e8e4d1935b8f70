import { Command, InvalidArgumentError } from 'commander';
import { show, type Io } from '../io.js';
import { seconds } from '../moment.js';
import { ask, openServer, withServer, type ServerOptions } from '../server.js';
import { facts } from '../table.js';

interface RotateOptions extends ServerOptions {
  overlap?: number;
}

/** `tidings webhooks rotate <id>`: gives it a new secret, and prints that, the only time it is shown. */
export function rotateSecretCommand(io: Io): Command {
  return withServer(new Command('rotate'))
    .description('Give a webhook a new secret, and print it, the only time it is shown')
    .argument('<id>', 'the webhook: wh_…')
    .option('--overlap <duration>', 'how long the earlier ones sign as well: 1h, 7d; 0 ends them at once (default: 1d)', overlap)
    .action(async (id: string, options: RotateOptions) => {
      const server = openServer(options, io);
      const body = options.overlap === undefined ? {} : { overlap_s: options.overlap };
      const webhook = await ask(server, server.api.POST('/api/webhooks/{id}/rotate-secret', { params: { path: { id } }, body }));
      const until = webhook.previous_secrets_valid_until ?? 'not any more';
      show(io, options.json, webhook, () => facts({ id, secret: webhook.secret, 'earlier ones until': until }));
      if (!options.json) io.err('Keep the secret: it is not shown again.');
    });
}

function overlap(text: string): number {
  if (text === '0') return 0;
  try {
    return seconds(text);
  } catch {
    throw new InvalidArgumentError('Write it as 0, 15m, 1h or 7d.');
  }
}
