import { Command } from 'commander';
import type { components } from '@tidings/client';
import { EXIT, Failure } from '../failure.js';
import { printResult, type Io } from '../io.js';
import { unwrap, openServer, withServerOptions, type ServerOptions } from '../server.js';

type TestResult = components['schemas']['TestResult'];

/** `tidings webhooks test <id>`: sends a `webhook.test` event now. Exits with 1 when the receiver does not answer with a 2xx. */
export function testWebhookCommand(io: Io): Command {
  return withServerOptions(new Command('test'))
    .description('Send a webhook.test event now, and print the response')
    .argument('<id>', 'id of the webhook: wh_…')
    .action(async (id: string, options: ServerOptions) => {
      const server = openServer(options, io);
      const result = await unwrap(server, server.api.POST('/api/webhooks/{id}/test', { params: { path: { id } } }));
      printResult(io, options.json, result, () => asText(result));
      if (!result.succeeded) throw new Failure(EXIT.failed, options.json ? 'The test failed.' : '');
    });
}

function asText({ succeeded, status_code: status, duration_ms: ms, error, response_body: body }: TestResult): string {
  const outcome = status === null ? `no response: ${String(error)}` : `answered ${String(status)}`;
  return `${succeeded ? '✓' : '✗'} ${outcome} after ${String(ms)} ms${body ? `\n${body}` : ''}`;
}
