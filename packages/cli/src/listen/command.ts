import { Command, Option } from 'commander';
import { StreamError } from '@tidings/client';
import { catalog } from '@tidings/events';
import { secretKey } from '@tidings/secrets';
import { EventTypePatternsOption } from '../completion/event-type-values.js';
import { reasonOf, usageError } from '../failure.js';
import type { Io } from '../io.js';
import { parseCount, parseSeconds } from '../option-values.js';
import { refusal } from '../problem.js';
import { openServer, withServerOptions, type Server, type ServerOptions } from '../server.js';
import { follow } from './follow.js';
import { createForwarder } from './forward.js';
import { openResumePosition, type ResumePosition } from './resume-position.js';
import { reportAsJson, reportAsText } from './report.js';
import { loadOrCreateSecret } from './secret.js';
import { lastEventBefore, parseSince } from './since.js';
import { parseTarget } from './target.js';
import { createLogReader } from './log-reader.js';

interface ListenOptions extends ServerOptions {
  forwardTo: string;
  types?: string[];
  secret?: string;
  since?: string | Date;
  fresh?: boolean;
  retries: number;
  timeout: number;
  skipVerify?: boolean;
}

/** The default of a worker (DELIVERY_TIMEOUT_MS), in seconds. */
const TIMEOUT_S = 15;

/**
 * `tidings listen --forward-to <url>`: forwards events to a URL that webhooks cannot reach, such as one on this machine, until
 * Ctrl-C. The next start resumes after the last forwarded event.
 */
export function listenCommand(io: Io): Command {
  return withServerOptions(new Command('listen'))
    .description('Forward your events to a URL of this machine, signed like webhooks, until Ctrl-C')
    .requiredOption(
      '--forward-to <url>',
      'the URL that receives the events: http://localhost:4000/hook, or with credentials http://user:password@…',
    )
    .addOption(new EventTypePatternsOption('event types, comma-separated: sync.*,gaps.updated (default: all)'))
    .option('--secret <secret>', 'the signing secret, whsec_… (default: a secret stored on this machine)')
    .option('--since <where>', "where to start: 2h (ago), a time, an event's id (start after it), or start", parseSince)
    .addOption(new Option('--fresh', 'start with new events, and ignore the stored position').conflicts('since'))
    .option('--retries <number>', 'how often a failed forward is retried', parseCount, 0)
    .option('--timeout <duration>', 'limit for one forward (default: 15s)', parseSeconds, TIMEOUT_S)
    .option('--skip-verify', "accept any certificate of the receiver, such as a self-signed one; the API's is still checked")
    .action(async (options: ListenOptions) => {
      const target = parseTarget(options.forwardTo);
      const server = openServer(options, io);
      const types = [...new Set(options.types)].sort();
      const { secret, file } = readSecret(options.secret, io);
      const position = openResumePosition(io.configFolder, { server: server.url, owner: server.owner, types });
      const report = (options.json ? reportAsJson : reportAsText)(io);
      const stopped = io.waitForShutdown();
      const after = await startPosition(options, server, position);
      // Saved before the first event, so that the next start resumes here even when no event is forwarded.
      if (after !== null) position.save(after);
      report.began({
        server: server.url,
        owner: server.owner,
        types,
        target: target.url.href,
        secret,
        secretFile: file,
        after,
      });
      const forwardedCount = await follow({
        server,
        types,
        after,
        store: position,
        logReader: createLogReader(server, types, stopped),
        forward: createForwarder({
          target,
          secret,
          timeoutMs: options.timeout * 1000,
          skipVerify: options.skipVerify ?? false,
        }),
        retries: options.retries,
        isSystemType: catalog.isSystemType,
        report,
        stopped,
      }).catch((error: unknown) => {
        throw error instanceof StreamError ? refusal(error.status, error.problem) : error;
      });
      report.ended(forwardedCount);
    });
}

/** Returns the id of the event after which to start, or null to start with new events. */
async function startPosition({ since, fresh }: ListenOptions, server: Server, position: ResumePosition): Promise<string | null> {
  if (since instanceof Date) return lastEventBefore(server, since);
  if (since !== undefined) return since;
  return fresh ? null : position.load();
}

function readSecret(given: string | undefined, { configFolder }: Io): { secret: string; file: string | null } {
  const { secret, file } = given === undefined ? loadOrCreateSecret(configFolder) : { secret: given, file: null };
  try {
    if (secretKey(secret).length === 0) throw new Error('it has no key');
  } catch (error) {
    throw usageError(`${file ?? '--secret'} is wrong: ${reasonOf(error)}.`);
  }
  return { secret, file };
}
