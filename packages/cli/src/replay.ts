import { Command } from 'commander';
import type { components } from '@tidings/client';
import { selectionQuery, withSelection, type Delivery, type DeliveryStatus, type Selection } from './deliveries/selection.js';
import { EXIT, Failure } from './failure.js';
import { show, type Io } from './io.js';
import { pause } from './pause.js';
import { createProgress } from './progress.js';
import { ask, openServer, withServer, type Server, type ServerOptions } from './server.js';

type Replay = components['schemas']['Replay'];

interface ReplayOptions extends ServerOptions, Selection {
  since: Date;
  dryRun?: boolean;
  wait: boolean;
}

const PAGE = 200;
/** Between two looks at the log, for each page that a look takes, in milliseconds: far below the API's limit of 20 requests a second. */
const LOOK_EVERY_MS = 250;
const NOT_DELIVERED: DeliveryStatus[] = ['failed', 'cancelled', 'skipped'];

/**
 * `tidings replay --webhook <id> --since 2h`: attempts terminal deliveries again, and follows them until each has ended.
 * Exits with 1 when some did not arrive. Ctrl-C ends the watching, not the replay.
 */
export function replayCommand(io: Io): Command {
  return withSelection(withServer(new Command('replay')), { mustSaySince: true })
    .description('Attempt terminal deliveries of a webhook again, the failed and skipped ones by default, and show how far it is')
    .option('--dry-run', 'only count')
    .option('--no-wait', 'do not wait until they have ended')
    .action(async (options: ReplayOptions) => {
      const { json, dryRun = false, wait } = options;
      const server = openServer(options, io);
      const replay = await begin(server, options);
      if (dryRun || !wait || replay.count === 0) {
        show(io, json, replay, () => summary(replay));
        return;
      }
      if (!json) io.err(summary(replay));
      const stopped = io.waitForShutdown();
      if (!(await follow(server, { options, replay, io, stopped }))) {
        throw new Failure(EXIT.failed, 'Stopped watching. The replay goes on: "tidings deliveries list" shows it.');
      }
      const failed = await countMissing(server, options, replay);
      const result = { ...replay, succeeded: replay.count - failed, failed };
      show(io, json, result, () => `${String(result.succeeded)} arrived, ${String(failed)} did not.`);
      if (failed > 0) throw new Failure(EXIT.failed, json ? `${String(failed)} did not arrive.` : '');
    });
}

function begin(server: Server, { webhook: id, since, until, status, types, dryRun = false }: ReplayOptions): Promise<Replay> {
  const body = {
    since: since.toISOString(),
    ...(until === undefined ? {} : { until: until.toISOString() }),
    // The server names a state that can't be replayed.
    ...(status === undefined ? {} : { status: status as Exclude<DeliveryStatus, 'pending'>[] }),
    ...(types === undefined ? {} : { event_types: types }),
    dry_run: dryRun,
  };
  return ask(server, server.api.POST('/api/webhooks/{id}/replay', { params: { path: { id } }, body }));
}

interface Followed {
  options: ReplayOptions;
  replay: Replay;
  io: Io;
  stopped: AbortSignal;
}

/** Looks until none is under way any more, and shows how many are left; false when it was stopped before. */
async function follow(server: Server, { options, replay, io, stopped }: Followed): Promise<boolean> {
  const progress = createProgress(io, { total: replay.count, json: options.json });
  progress.show(0);
  try {
    while (!stopped.aborted) {
      const { found, pages } = await readReplayed(server, options, ['pending']);
      progress.show(Math.max(0, replay.count - found.length));
      if (found.length === 0) return true;
      await pause(LOOK_EVERY_MS * pages, stopped);
    }
    return false;
  } finally {
    progress.end();
  }
}

/** How many of this replay ended otherwise than by arriving. */
async function countMissing(server: Server, options: ReplayOptions, { first_attempt_at: from }: Replay): Promise<number> {
  const { found } = await readReplayed(server, options, NOT_DELIVERED);
  // An earlier replay may have failed as well: this one ended after its first attempt was due. Both times are the database's.
  return found.filter(({ finished_at: at }) => at !== null && Date.parse(at) >= Date.parse(String(from))).length;
}

/** The replayed deliveries of the selection that are in these states. */
async function readReplayed(server: Server, { webhook: id, ...options }: ReplayOptions, status: DeliveryStatus[]) {
  const found: Delivery[] = [];
  let pages = 0;
  let cursor: string | null = null;
  do {
    const query = { ...selectionQuery({ ...options, status }), limit: PAGE, ...(cursor === null ? {} : { cursor }) };
    const page: { data: Delivery[]; next_cursor: string | null } = await ask(
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
  if (count === 0) return 'There are none.';
  return dryRun ? `${deliveries} would be attempted again.` : `${deliveries} attempted again, the last one at ${String(last)}.`;
}
