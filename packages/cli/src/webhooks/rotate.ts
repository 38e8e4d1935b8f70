import { Command, InvalidArgumentError } from 'commander';
import { printResult, type Io } from '../io.js';
import { parseSeconds } from '../option-values.js';
import { unwrap, openServer, withServerOptions, type ServerOptions } from '../server.js';
import { formatFields } from '../table.js';

interface RotateOptions extends ServerOptions {
  overlap?: number;
}

/** `tidings webhooks rotate <id>`: replaces the secret and prints the new one, which is shown only once. */
export function rotateSecretCommand(io: Io): Command {
  return withServerOptions(new Command('rotate'))
    .description('Replace the secret of a webhook, and print the new one, which is shown only once')
    .argument('<id>', 'id of the webhook: wh_…')
    .option('--overlap <duration>', 'how long earlier secrets also sign: 1h, 7d; 0: not at all (default: 1d)', parseOverlap)
    .action(async (id: string, options: RotateOptions) => {
      const server = openServer(options, io);
      const body = options.overlap === undefined ? {} : { overlap_s: options.overlap };
      const webhook = await unwrap(
        server,
        server.api.POST('/api/webhooks/{id}/rotate-secret', { params: { path: { id } }, body }),
      );
      const until = webhook.previous_secrets_valid_until ?? 'now';
      printResult(io, options.json, webhook, () =>
        formatFields({ id, secret: webhook.secret, 'earlier secrets valid until': until }),
      );
      if (!options.json) io.err('Store the secret: it is not shown again.');
    });
}

function parseOverlap(text: string): number {
  if (text === '0') return 0;
  try {
    return parseSeconds(text);
  } catch {
    throw new InvalidArgumentError('Write it as 0, 15m, 1h or 7d.');
  }
}
