import { Command } from 'commander';
import type { components } from '@tidings/client';
import { selectionQuery, withSelection, type Delivery, type DeliveryStatus, type Selection } from './deliveries/selection.js';
import { EXIT, Failure } from './failure.js';
import { printResult, type Io } from './io.js';
import { sleep } from './sleep.js';
import { createProgress } from './progress.js';
import { unwrap, openServer, withServerOptions, type Server, type ServerOptions } from './server.js';

type Replay = components['schemas']['Replay'];

interface ReplayOptions extends ServerOptions, Selection {
  since: Date;
  dryRun?: boolean;
  missing?: boolean;
  wait: boolean;
}

const PAGE = 200;
/**
 * The wait between two polls, for each page that a poll reads, in milliseconds: 4 requests a second are far below the API's default
 * limit of 20.
 */
const POLL_MS_PER_PAGE = 250;
const NOT_DELIVERED: DeliveryStatus[] = ['failed', 'cancelled', 'skipped'];

/**
 * `tidings replay --webhook <id> --since 2h`: attempts terminal deliveries again, and waits until each has ended. Exits with 1
 * when some did not succeed. Ctrl-C ends the waiting, not the replay.
 */
export function replayCommand(io: Io): Command {
  return withSelection(withServerOptions(new Command('replay')), { isSinceRequired: true })
    .description('Attempt terminal deliveries of a webhook again (default: failed and skipped ones), and show the progress')
    .option('--missing', 'also send events that the webhook has no delivery for: from before it existed, for example')
    .option('--dry-run', 'count the deliveries, and change nothing')
    .option('--no-wait', 'do not wait until the deliveries have ended')
    .action(async (options: ReplayOptions) => {
      const { json, dryRun = false, wait } = options;
      const server = openServer(options, io);
      const replay = await startReplay(server, options);
      if (dryRun || !wait || replay.count === 0) {
        printResult(io, json, replay, () => summary(replay));
        return;
      }
      if (!json) io.err(summary(replay));
      const stopped = io.waitForShutdown();
      if (!(await waitForEnd(server, { options, replay, io, stopped }))) {
        throw new Failure(EXIT.failed, 'Stopped waiting. The replay continues: see "tidings deliveries list".');
      }
      const failed = await countUnsuccessful(server, options, replay);
      const result = { ...replay, succeeded: replay.count - failed, failed };
      printResult(io, json, result, () => `${String(result.succeeded)} succeeded, ${String(failed)} did not.`);
      if (failed > 0) throw new Failure(EXIT.failed, json ? `${String(failed)} did not succeed.` : '');
    });
}

function startReplay(
  server: Server,
  { webhook: id, since, until, status, types, missing = false, dryRun = false }: ReplayOptions,
): Promise<Replay> {
  const body = {
    since: since.toISOString(),
    ...(until === undefined ? {} : { until: until.toISOString() }),
    // The server refuses "pending", and its error names the status.
    ...(status === undefined ? {} : { status: status as Exclude<DeliveryStatus, 'pending'>[] }),
    ...(types === undefined ? {} : { event_types: types }),
    missing,
    dry_run: dryRun,
  };
  return unwrap(server, server.api.POST('/api/webhooks/{id}/replay', { params: { path: { id } }, body }));
}

interface WaitOptions {
  options: ReplayOptions;
  replay: Replay;
  io: Io;
  stopped: AbortSignal;
}

/** Polls until no replayed delivery is pending, and shows the progress. Returns false when it was stopped before. */
async function waitForEnd(server: Server, { options, replay, io, stopped }: WaitOptions): Promise<boolean> {
  const progress = createProgress(io, { total: replay.count, json: options.json });
  progress.show(0);
  try {
    while (!stopped.aborted) {
      const { found, pages } = await readReplayed(server, options, ['pending']);
      progress.show(Math.max(0, replay.count - found.length));
      if (found.length === 0) return true;
      await sleep(POLL_MS_PER_PAGE * pages, stopped);
    }
    return false;
  } finally {
    progress.end();
  }
}

/** Counts the deliveries of this replay that ended without success. */
async function countUnsuccessful(server: Server, options: ReplayOptions, { first_attempt_at: from }: Replay): Promise<number> {
  const { found } = await readReplayed(server, options, NOT_DELIVERED);
  // Deliveries of an earlier replay may have failed as well. Those of this one ended after its first attempt was due; both times
  // come from the database's clock.
  return found.filter(({ finished_at: at }) => at !== null && Date.parse(at) >= Date.parse(String(from))).length;
}

/** Reads the replayed deliveries of the selection with these statuses, and returns them with the number of pages. */
async function readReplayed(server: Server, { webhook: id, ...options }: ReplayOptions, status: DeliveryStatus[]) {
  const found: Delivery[] = [];
  let pages = 0;
  let cursor: string | null = null;
  do {
    const query = { ...selectionQuery({ ...options, status }), limit: PAGE, ...(cursor === null ? {} : { cursor }) };
    const page: { data: Delivery[]; next_cursor: string | null } = await unwrap(
      server,
      server.api.GET('/api/webhooks/{id}/deliveries', { params: { path: { id }, query } }),
    );
    found.push(...page.data.filter(({ replay }) => replay));
    pages += 1;
    cursor = page.next_cursor;
  } while (cursor !== null);
  return { found, pages };
}

function summary({ count, dry_run: dryRun, last_attempt_at: last }: Replay): string {
  const deliveries = `${String(count)} ${count === 1 ? 'delivery' : 'deliveries'}`;
  if (count === 0) return 'No deliveries match.';
  return dryRun
    ? `${deliveries} would be attempted again.`
    : `${deliveries} will be attempted again, the last one at ${String(last)}.`;
}
