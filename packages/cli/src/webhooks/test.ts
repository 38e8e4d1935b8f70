import { Command } from 'commander';
import type { components } from '@tidings/client';
import { EXIT, Failure, usageError } from '../failure.js';
import { printResult, type Io } from '../io.js';
import { parseVersion } from '../option-values.js';
import { unwrap, openServer, withServerOptions, type ServerOptions } from '../server.js';

type TestResult = components['schemas']['TestResult'];

interface TestOptions extends ServerOptions {
  type?: string;
  eventVersion?: number;
}

/**
 * `tidings webhooks test <id>`: sends a `webhook.test` event, or the first example of a type, now. Exits with 1 when the receiver
 * does not answer with a 2xx.
 */
export function testWebhookCommand(io: Io): Command {
  return withServerOptions(new Command('test'))
    .description('Send a webhook.test event, or the first example of a type, now, and print the response')
    .argument('<id>', 'id of the webhook: wh_…')
    .option('--type <type>', 'send the first example of this event type: sync.completed (default: a webhook.test event)')
    .option('--event-version <number>', 'the version of the type (default: its default version)', parseVersion)
    .action(async (id: string, options: TestOptions) => {
      const { type, eventVersion: version } = options;
      if (type === undefined && version !== undefined) throw usageError('--event-version needs --type.');
      const server = openServer(options, io);
      const body = { ...(type === undefined ? {} : { type }), ...(version === undefined ? {} : { version }) };
      const result = await unwrap(server, server.api.POST('/api/webhooks/{id}/test', { params: { path: { id } }, body }));
      printResult(io, options.json, result, () => asText(result));
      if (!result.succeeded) throw new Failure(EXIT.failed, options.json ? 'The test failed.' : '');
    });
}

function asText({ succeeded, status_code: status, duration_ms: ms, error, response_body: body }: TestResult): string {
  const outcome = status === null ? `no response: ${String(error)}` : `answered ${String(status)}`;
  return `${succeeded ? '✓' : '✗'} ${outcome} after ${String(ms)} ms${body ? `\n${body}` : ''}`;
}
