import { Command } from 'commander';
import {
  openDatabase,
  readSealedRegistrations,
  resealRegistration,
  resealWebhooks,
  type Database,
  type DatabaseOptions,
  type SealedColumns,
} from '@tidings/database';
import { createSeal, parseSealKeys, sealedFor, sealedWith, type Seal, type SealKey } from '@tidings/secrets';
import { readPooler } from './pooler.js';
import { EXIT, Failure, reasonOf, usageError } from './failure.js';
import { printResult, type Io } from './io.js';
import { hasOnlyKey, isSealedWith, resealed } from './sealed-columns.js';
import { withSecretFiles } from './secret-files.js';
import { withJsonOption } from './server.js';

const PAGE = 100;

interface ResealCommandOptions {
  dryRun: boolean;
  json?: boolean;
}

interface Counts {
  resealed: number;
  unchanged: number;
  /** Webhooks that are still sealed with another key at the end. */
  remaining: number;
  /** The reason why a webhook could not be opened, by its id. */
  failed: Map<string, string>;
}

/**
 * `tidings reseal`: encrypts every webhook's secrets and headers with the first key of SECRETS_KEYS. It also opens those that are
 * sealed with this key already: after exit code 0 the first key alone is enough. Interrupting it is safe: committed pages stay, and
 * the next run continues. Exits with 1 when a webhook could not be opened, after it has processed all others.
 */
export function resealCommand(io: Io): Command {
  const command = withJsonOption(new Command('reseal'))
    .description('Encrypt all secrets in the database of DATABASE_URL with the first key of SECRETS_KEYS')
    .option('--dry-run', 'count the webhooks, and change nothing', false);

  return command.action(async ({ dryRun, json }: ResealCommandOptions) => {
    const { DATABASE_URL: url, SECRETS_KEYS: text } = withSecretFiles(io.env);
    if (!url || !text) throw usageError('DATABASE_URL and SECRETS_KEYS must be set, as they are for the API.');
    const keys = readKeys(text);
    const current = String(keys[0]?.id);
    const counts: Counts = { resealed: 0, unchanged: 0, remaining: 0, failed: new Map() };
    let stopped: unknown;
    try {
      await resealAll({ url: url.trim(), pooler: readPooler(io.env) }, createSeal(keys), { current, dryRun, counts });
    } catch (error) {
      stopped = error;
    }
    const { resealed, unchanged, remaining, failed } = counts;
    printResult(
      io,
      json,
      { key: current, dry_run: dryRun, resealed, unchanged, remaining, failed: Object.fromEntries(failed) },
      () =>
        `${dryRun ? 'To be sealed' : 'Sealed'} with "${current}": ${String(resealed)}. Already sealed with it: ${String(unchanged)}. Still sealed with other keys: ${String(remaining)}.`,
    );
    if (!json) for (const [id, reason] of failed) io.err(`${id} could not be opened: ${reason}`);
    if (stopped !== undefined) {
      throw new Failure(
        EXIT.unreachable,
        `Stopped before the end: ${reasonOf(stopped)}. Run it again: resealed webhooks stay resealed.`,
      );
    }
    if (failed.size > 0) {
      throw new Failure(
        EXIT.failed,
        `${String(failed.size)} ${failed.size === 1 ? 'webhook' : 'webhooks'} could not be opened and did not change.`,
      );
    }
  });
}

function readKeys(text: string): SealKey[] {
  try {
    return parseSealKeys(text);
  } catch (error) {
    throw usageError(`SECRETS_KEYS is wrong: ${reasonOf(error)}.`);
  }
}

interface ResealOptions {
  /** Id of the first key. */
  current: string;
  dryRun: boolean;
  /** Updated after each committed page. */
  counts: Counts;
}

async function resealAll(
  server: Pick<DatabaseOptions, 'url' | 'pooler'>,
  seal: Seal,
  { current, dryRun, counts }: ResealOptions,
): Promise<void> {
  const database = openDatabase({ ...server, maxConnections: 1 });
  try {
    let after: string | null = '';
    while (after !== null) {
      const page: Counts = { resealed: 0, unchanged: 0, remaining: 0, failed: new Map() };
      after = await resealWebhooks(database.pool, { after, limit: PAGE }, (webhook) => {
        let sealed: SealedColumns;
        let isCurrent: boolean;
        try {
          sealed = resealed(webhook, seal);
          isCurrent = isSealedWith(webhook, current, seal);
        } catch (error) {
          page.failed.set(webhook.id, reasonOf(error));
          if (!hasOnlyKey(webhook, current)) page.remaining += 1;
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
    await resealRegistrations(database, seal, { current, dryRun, counts });
  } finally {
    await database.close();
  }
}

/**
 * Seals the answers of registrations that had an `Idempotency-Key`. One that cannot be opened is a failure of its webhook: a
 * repetition of that registration would fail.
 */
async function resealRegistrations(
  { pool }: Database,
  { open, seal }: Seal,
  { current, dryRun, counts }: ResealOptions,
): Promise<void> {
  for (const registration of await readSealedRegistrations(pool)) {
    const { webhookId, sealedAnswer } = registration;
    if (dryRun || sealedWith(sealedAnswer) === current) continue;
    const context = sealedFor.registration(webhookId);
    let resealedAnswer: Buffer;
    try {
      resealedAnswer = seal(open(sealedAnswer, context), context);
    } catch (error) {
      counts.failed.set(webhookId, reasonOf(error));
      continue;
    }
    await resealRegistration(pool, { ...registration, sealedAnswer: resealedAnswer });
  }
}
