import { Command } from 'commander';
import { openDatabase, resealWebhooks, type SealedWebhook } from '@tidings/database';
import { createSeal, parseSealKeys, sealedFor, sealedWith, type Seal, type SealKey } from '@tidings/secrets';

const PAGE = 100;

interface Counts {
  resealed: number;
  unchanged: number;
  /** Why a row could not be opened, by the id of the webhook. */
  failed: Map<string, string>;
}

/**
 * `tidings reseal`: encrypts every webhook's secrets and headers with the first key of SECRETS_KEYS. Breaking it off does no
 * harm: what was done stays, and the next run goes on. Exits with 1 when a row could not be opened, after doing the rest.
 */
export function resealCommand({ env }: { env: NodeJS.ProcessEnv }): Command {
  const command: Command = new Command('reseal')
    .description('Encrypt all secrets in the database of DATABASE_URL with the first key of SECRETS_KEYS')
    .option('--dry-run', 'only count', false);

  return command.action(async ({ dryRun }: { dryRun: boolean }) => {
    const { DATABASE_URL: url, SECRETS_KEYS: text } = env;
    if (!url || !text) command.error('error: DATABASE_URL and SECRETS_KEYS must be set, as they are for the API.');
    let keys: SealKey[] = [];
    try {
      keys = parseSealKeys(text);
    } catch (error) {
      command.error(`error: SECRETS_KEYS is wrong: ${(error as Error).message}`);
    }
    const current = String(keys[0]?.id);
    const { resealed, unchanged, failed } = await resealAll(url, createSeal(keys), { current, dryRun });
    console.log(
      `${dryRun ? 'To be sealed' : 'Sealed'} with "${current}": ${String(resealed)}. Were already: ${String(unchanged)}.`,
    );
    for (const [id, reason] of failed) console.error(`${id} could not be opened: ${reason}`);
    if (failed.size > 0) command.error(`error: ${String(failed.size)} could not be opened, and were left as they are.`);
  });
}

async function resealAll(url: string, seal: Seal, { current, dryRun }: { current: string; dryRun: boolean }): Promise<Counts> {
  const counts: Counts = { resealed: 0, unchanged: 0, failed: new Map() };
  const database = openDatabase({ url, maxConnections: 2 });
  try {
    let after: string | null = '';
    while (after !== null) {
      after = await resealWebhooks(database.pool, { after, limit: PAGE }, (webhook) => {
        if (columnsOf(webhook).every(({ sealed }) => sealed === null || sealedWith(sealed) === current)) {
          counts.unchanged += 1;
          return null;
        }
        try {
          const sealed = resealed(webhook, seal);
          counts.resealed += 1;
          return dryRun ? null : sealed;
        } catch (error) {
          counts.failed.set(webhook.id, (error as Error).message);
          return null;
        }
      });
    }
  } finally {
    await database.close();
  }
  return counts;
}

function columnsOf({ id, sealedSecret, sealedPreviousSecrets, sealedHeaders }: SealedWebhook) {
  return [
    { sealed: sealedSecret, owner: sealedFor.secret(id) },
    { sealed: sealedPreviousSecrets, owner: sealedFor.previousSecrets(id) },
    { sealed: sealedHeaders, owner: sealedFor.headers(id) },
  ];
}

function resealed(webhook: SealedWebhook, { open, seal }: Seal): Omit<SealedWebhook, 'id'> {
  const [secret, previous, headers] = columnsOf(webhook).map(({ sealed, owner }) =>
    sealed === null ? null : seal(open(sealed, owner), owner),
  );
  return { sealedSecret: secret as Buffer, sealedPreviousSecrets: previous ?? null, sealedHeaders: headers ?? null };
}
