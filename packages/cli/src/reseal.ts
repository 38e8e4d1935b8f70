import { Command } from 'commander';
import { openDatabase, resealWebhooks, type SealedWebhook } from '@tidings/database';
import { createSeal, parseSealKeys, sealedWith, type Seal, type SealKey } from '@tidings/secrets';
import { EXIT, Failure, reasonOf, wrongUsage } from './failure.js';
import { show, type Io } from './io.js';
import { columnsOf } from './sealed-columns.js';
import { withJson } from './server.js';

const PAGE = 100;

interface ResealFlags {
  dryRun: boolean;
  json?: boolean;
}

interface Counts {
  resealed: number;
  unchanged: number;
  /** That are not sealed with the first key, at the end. */
  remaining: number;
  /** Why a row could not be opened, by the id of the webhook. */
  failed: Map<string, string>;
}

/**
 * `tidings reseal`: encrypts every webhook's secrets and headers with the first key of SECRETS_KEYS, and opens those that
 * are already, so that with an exit code of 0 the first key alone is enough. Breaking it off does no harm: what was done
 * stays, and the next run goes on. Exits with 1 when a row could not be opened, after doing the rest.
 */
export function resealCommand(io: Io): Command {
  const { env } = io;
  const command = withJson(new Command('reseal'))
    .description('Encrypt all secrets in the database of DATABASE_URL with the first key of SECRETS_KEYS')
    .option('--dry-run', 'only count', false);

  return command.action(async ({ dryRun, json }: ResealFlags) => {
    const { DATABASE_URL: url, SECRETS_KEYS: text } = env;
    if (!url || !text) throw wrongUsage('DATABASE_URL and SECRETS_KEYS must be set, as they are for the API.');
    const keys = readKeys(text);
    const current = String(keys[0]?.id);
    const counts: Counts = { resealed: 0, unchanged: 0, remaining: 0, failed: new Map() };
    let stopped: unknown;
    try {
      await resealAll(url, createSeal(keys), { current, dryRun, counts });
    } catch (error) {
      stopped = error;
    }
    const { resealed, unchanged, remaining, failed } = counts;
    show(
      io,
      json,
      { key: current, dry_run: dryRun, resealed, unchanged, remaining, failed: Object.fromEntries(failed) },
      () =>
        `${dryRun ? 'To be sealed' : 'Sealed'} with "${current}": ${String(resealed)}. Were already: ${String(unchanged)}. With other keys still: ${String(remaining)}.`,
    );
    if (!json) for (const [id, reason] of failed) io.err(`${id} could not be opened: ${reason}`);
    if (stopped !== undefined) {
      throw new Failure(EXIT.unreachable, `It stopped there: ${reasonOf(stopped)}. Run it again; what was done stays.`);
    }
    if (failed.size > 0) {
      throw new Failure(EXIT.failed, `${String(failed.size)} could not be opened, and were left as they are.`);
    }
  });
}

function readKeys(text: string): SealKey[] {
  try {
    return parseSealKeys(text);
  } catch (error) {
    throw wrongUsage(`SECRETS_KEYS is wrong: ${reasonOf(error)}.`);
  }
}

interface ResealOptions {
  current: string;
  dryRun: boolean;
  /** Counted up page by page, as they are committed. */
  counts: Counts;
}

async function resealAll(url: string, seal: Seal, { current, dryRun, counts }: ResealOptions): Promise<void> {
  const database = openDatabase({ url, maxConnections: 1 });
  try {
    let after: string | null = '';
    while (after !== null) {
      const page: Counts = { resealed: 0, unchanged: 0, remaining: 0, failed: new Map() };
      after = await resealWebhooks(database.pool, { after, limit: PAGE }, (webhook) => {
        const isCurrent = columnsOf(webhook).every(({ sealed }) => sealed === null || sealedWith(sealed) === current);
        let sealed: Omit<SealedWebhook, 'id'>;
        try {
          sealed = resealed(webhook, seal);
        } catch (error) {
          page.failed.set(webhook.id, reasonOf(error));
          if (!isCurrent) page.remaining += 1;
          return null;
        }
        page[isCurrent ? 'unchanged' : 'resealed'] += 1;
        if (dryRun && !isCurrent) page.remaining += 1;
        return isCurrent || dryRun ? null : sealed;
      });
      counts.resealed += page.resealed;
      counts.unchanged += page.unchanged;
      counts.remaining += page.remaining;
      for (const [id, reason] of page.failed) counts.failed.set(id, reason);
    }
  } finally {
    await database.close();
  }
}

function resealed(webhook: SealedWebhook, { open, seal }: Seal): Omit<SealedWebhook, 'id'> {
  const [secret, previous, headers] = columnsOf(webhook).map(({ sealed, owner }) =>
    sealed === null ? null : seal(open(sealed, owner), owner),
  );
  return { sealedSecret: secret as Buffer, sealedPreviousSecrets: previous ?? null, sealedHeaders: headers ?? null };
}
