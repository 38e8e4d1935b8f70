import { Command, InvalidArgumentError, Option } from 'commander';
import { StreamError } from '@tidings/client';
import { catalog } from '@tidings/events';
import { secretKey } from '@tidings/secrets';
import { reasonOf, wrongUsage } from '../failure.js';
import type { Io } from '../io.js';
import { count, list, seconds } from '../moment.js';
import { refusal } from '../problem.js';
import { openServer, withServer, type Server, type ServerOptions } from '../server.js';
import { follow } from './follow.js';
import { createForwarder } from './forward.js';
import { openPlace, type Place } from './place.js';
import { reportAsJson, reportAsText } from './report.js';
import { keepSecret } from './secret.js';
import { eventBefore, since } from './since.js';
import { createTimestamps } from './timestamps.js';

interface ListenOptions extends ServerOptions {
  forwardTo: string;
  types?: string[];
  secret?: string;
  since?: string | Date;
  fresh?: boolean;
  retries: number;
  timeout: number;
}

/** As a worker gives a receiver by default, in seconds. */
const TIMEOUT_S = 15;

/**
 * `tidings listen --forward-to <url>`: forwards what happens to a URL that webhooks cannot reach, such as one on this machine,
 * until Ctrl-C. The next start goes on behind the last event that was forwarded.
 */
export function listenCommand(io: Io): Command {
  return withServer(new Command('listen'))
    .description('Forward your events to a URL of this machine, signed like webhooks, until Ctrl-C')
    .requiredOption('--forward-to <url>', 'where to: http://localhost:4000/hook', target)
    .option('--types <types>', 'which events, with commas between: sync.*,gaps.updated (default: all)', list)
    .option('--secret <secret>', 'what signs, whsec_… (default: one that is kept for this machine)')
    .option('--since <where>', "begin there: 2h ago, a time, behind an event's id, or at the start", since)
    .addOption(new Option('--fresh', 'begin now, whatever was forwarded before').conflicts('since'))
    .option('--retries <number>', 'how often a forward that failed is tried again', count, 0)
    .option('--timeout <duration>', 'for one forward (default: 15s)', seconds, TIMEOUT_S)
    .action(async (options: ListenOptions) => {
      const server = openServer(options, io);
      const types = [...new Set(options.types)].sort();
      const { secret, file } = readSecret(options.secret, io);
      const place = openPlace(io.configFolder, { server: server.url, user: server.owner, types });
      const report = (options.json ? reportAsJson : reportAsText)(io);
      const stopped = io.waitForShutdown();
      const after = await beginning(options, server, place);
      // Whatever comes of the first event, the next start goes on from here.
      if (after !== null) place.save(after);
      report.began({
        server: server.url,
        user: server.owner,
        types,
        target: options.forwardTo,
        secret,
        secretFile: file,
        after,
      });
      const arrived = await follow({
        server,
        types,
        after,
        store: place,
        timestamps: createTimestamps(server, stopped),
        forward: createForwarder({ target: options.forwardTo, secret, timeoutMs: options.timeout * 1000 }),
        retries: options.retries,
        isOwn: catalog.isSystemType,
        report,
        stopped,
      }).catch((error: unknown) => {
        throw error instanceof StreamError ? refusal(error.status, error.problem) : error;
      });
      report.ended(arrived);
    });
}

/** The event behind which to begin, or null: now. */
async function beginning({ since: where, fresh }: ListenOptions, server: Server, place: Place): Promise<string | null> {
  if (where instanceof Date) return eventBefore(server, where);
  if (where !== undefined) return where;
  return fresh ? null : place.load();
}

function readSecret(given: string | undefined, { configFolder }: Io): { secret: string; file: string | null } {
  const { secret, file } = given === undefined ? keepSecret(configFolder) : { secret: given, file: null };
  try {
    if (secretKey(secret).length === 0) throw new Error('it holds no key');
  } catch (error) {
    throw wrongUsage(`${file ?? '--secret'} is wrong: ${reasonOf(error)}.`);
  }
  return { secret, file };
}

function target(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('Write it as http://localhost:4000/hook.');
}
