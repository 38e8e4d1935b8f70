import { Command } from 'commander';
import type { Io } from '../io.js';
import { createWebhookCommand } from './create.js';
import { deleteWebhookCommand } from './delete.js';
import { disableWebhookCommand, enableWebhookCommand } from './enable.js';
import { listWebhooksCommand } from './list.js';
import { pauseWebhookCommand, resumeWebhookCommand } from './pause.js';
import { rotateSecretCommand } from './rotate.js';
import { testWebhookCommand } from './test.js';
import { verifyWebhookCommand } from './verify.js';

/** `tidings webhooks`: the webhooks of the token's owner. */
export function webhooksCommand(io: Io): Command {
  return new Command('webhooks')
    .description('Your webhooks: list, create, pause, resume, enable, disable, delete, rotate, test, verify')
    .addCommand(listWebhooksCommand(io))
    .addCommand(createWebhookCommand(io))
    .addCommand(pauseWebhookCommand(io))
    .addCommand(resumeWebhookCommand(io))
    .addCommand(enableWebhookCommand(io))
    .addCommand(disableWebhookCommand(io))
    .addCommand(deleteWebhookCommand(io))
    .addCommand(rotateSecretCommand(io))
    .addCommand(testWebhookCommand(io))
    .addCommand(verifyWebhookCommand(io));
}
