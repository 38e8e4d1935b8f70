import { Command } from 'commander';
import type { components } from '@tidings/client';
import { printResult, type Io } from '../io.js';
import { unwrap, openServer, withServerOptions, type ServerOptions } from '../server.js';

type Webhook = components['schemas']['Webhook'];

/** `tidings webhooks pause <id>`: events wait until the webhook resumes; none is lost. */
export function pauseWebhookCommand(io: Io): Command {
  return changeCommand(io, {
    name: 'pause',
    description: 'Pause a webhook: its events wait, and none is lost',
    paused: true,
    summary: ({ id }) => `Paused ${id}. "tidings webhooks resume ${id}" sends what waits.`,
  });
}

/** `tidings webhooks resume <id>`: sends what waits. */
export function resumeWebhookCommand(io: Io): Command {
  return changeCommand(io, {
    name: 'resume',
    description: 'Resume a webhook that you paused',
    paused: false,
    summary: ({ id, paused_by: pausedBy }) => {
      if (pausedBy.includes('operator'))
        return `${id} is no longer paused by you. An operator has paused it as well, so nothing is sent yet.`;
      return pausedBy.includes('verification')
        ? `${id} is no longer paused by you. Its URL is not verified, so nothing is sent yet: "tidings webhooks verify ${id}".`
        : `Resumed ${id}.`;
    },
  });
}

interface ChangeOptions {
  name: string;
  description: string;
  paused: boolean;
  summary: (webhook: Webhook) => string;
}

function changeCommand(io: Io, { name, description, paused, summary }: ChangeOptions): Command {
  return withServerOptions(new Command(name))
    .description(description)
    .argument('<id>', 'id of the webhook: wh_…')
    .action(async (id: string, options: ServerOptions) => {
      const server = openServer(options, io);
      const webhook = await unwrap(
        server,
        server.api.PATCH('/api/webhooks/{id}', { params: { path: { id } }, body: { paused } }),
      );
      printResult(io, options.json, webhook, () => summary(webhook));
    });
}
