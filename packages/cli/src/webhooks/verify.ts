import { setTimeout } from 'node:timers/promises';
import { Command } from 'commander';
import type { components } from '@tidings/client';
import { EXIT, Failure } from '../failure.js';
import { printResult, type Io } from '../io.js';
import { unwrap, openServer, withServerOptions, type ServerOptions } from '../server.js';

type Webhook = components['schemas']['Webhook'];

/** How often the webhook is read until the receiver has answered, in milliseconds. */
const READ_MS = 500;
/** How often it is read at most: for longer than a request of a worker may take. */
const READS = 60;

/**
 * `tidings webhooks verify <id>`: sends a challenge to the receiver, and waits for the result. Exits with 1 when the receiver does
 * not answer it.
 */
export function verifyWebhookCommand(io: Io): Command {
  return withServerOptions(new Command('verify'))
    .description('Ask the receiver to answer a challenge, if the webhook waits for its verification')
    .argument('<id>', 'id of the webhook: wh_…')
    .action(async (id: string, options: ServerOptions) => {
      const server = openServer(options, io);
      const path = { params: { path: { id } } };
      const asked = await unwrap(server, server.api.POST('/api/webhooks/{id}/verify', path));
      let webhook = asked;
      for (let read = 0; read < READS && isUndecided(webhook, asked); read += 1) {
        await setTimeout(READ_MS);
        webhook = await unwrap(server, server.api.GET('/api/webhooks/{id}', path));
      }
      printResult(io, options.json, webhook, () => asText(webhook, isUndecided(webhook, asked)));
      if (webhook.verification.state === 'waiting') throw new Failure(EXIT.failed, options.json ? 'It is not verified.' : '');
    });
}

/** Whether no challenge has ended since the webhook was asked for one. */
function isUndecided({ verification }: Webhook, asked: Webhook): boolean {
  return verification.state === 'waiting' && verification.failed_at === asked.verification.failed_at;
}

function asText({ id, verification: { state, error } }: Webhook, isUndecided: boolean): string {
  if (state === 'verified') return `✓ ${id} is verified.`;
  if (state === 'none') return `${id} needs no verification.`;
  return isUndecided ? `✗ ${id}: no worker sent a challenge in time.` : `✗ ${id} is not verified: ${String(error)}`;
}
