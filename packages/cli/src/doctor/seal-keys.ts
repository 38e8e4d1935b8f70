import { readSealedWebhooks, type Database, type SealedWebhook } from '@tidings/database';
import { createSeal, openColumns, parseSealKeys, type Seal, type SealKey } from '@tidings/secrets';
import { reasonOf } from '../failure.js';
import { hasOnlyKey } from '../sealed-columns.js';
import { findingFactory, type Finding } from './finding.js';

const keys = findingFactory('seal keys');

const PAGE = 500;
/** Limits the webhooks that a message names. */
const MAX_NAMED = 3;

/**
 * Checks that `SECRETS_KEYS` is valid and opens every sealed column.
 *
 * @param text SECRETS_KEYS
 * @param database null when it cannot be used: then only the syntax is checked
 */
export async function checkSealKeys(text: string | undefined, database: Pick<Database, 'pool'> | null): Promise<Finding> {
  if (!text) return keys.wrong('SECRETS_KEYS is not set', 'Set it to the value of the API and the workers.');
  let parsed: SealKey[];
  try {
    parsed = parseSealKeys(text);
  } catch (error) {
    return keys.wrong(`SECRETS_KEYS is wrong: ${reasonOf(error)}`, 'The API and the workers do not start with this value.');
  }
  if (database === null) return keys.skipped('SECRETS_KEYS is valid; there is no database to check it against');
  return toFinding(await openAll(database, createSeal(parsed), String(parsed[0]?.id)), String(parsed[0]?.id));
}

interface OpenResult {
  count: number;
  /** Webhooks that opened with another key than the first. */
  old: number;
  /** The reason why a webhook could not be opened, by its id. */
  failed: Map<string, string>;
}

async function openAll({ pool }: Pick<Database, 'pool'>, seal: Seal, current: string): Promise<OpenResult> {
  const result: OpenResult = { count: 0, old: 0, failed: new Map() };
  let after: string | undefined = '';
  while (after !== undefined) {
    const page: SealedWebhook[] = await readSealedWebhooks(pool, { after, limit: PAGE });
    for (const webhook of page) openOne(webhook, { result, seal, current });
    after = page.length < PAGE ? undefined : page.at(-1)?.id;
  }
  return result;
}

function openOne(webhook: SealedWebhook, { result, seal, current }: { result: OpenResult; seal: Seal; current: string }): void {
  result.count += 1;
  try {
    openColumns(seal, webhook);
    if (!hasOnlyKey(webhook, current)) result.old += 1;
  } catch (error) {
    result.failed.set(webhook.id, reasonOf(error));
  }
}

function toFinding({ count, old, failed }: OpenResult, current: string): Finding {
  if (failed.size > 0) {
    const some = [...failed].slice(0, MAX_NAMED).map(([id, reason]) => `${id} (${reason})`);
    const more = failed.size > MAX_NAMED ? `, and ${String(failed.size - MAX_NAMED)} more` : '';
    const advice = 'Add the key that sealed them to the end of SECRETS_KEYS: until then these webhooks receive nothing.';
    return keys.wrong(
      `secrets of ${String(failed.size)} of ${String(count)} webhooks do not open: ${some.join('; ')}${more}`,
      advice,
    );
  }
  if (old > 0) {
    const message = `all stored secrets open, but ${String(old)} of ${String(count)} webhooks need another key than "${current}"`;
    return keys.warning(message, 'Run "tidings reseal" before you remove the other keys.');
  }
  return keys.ok(`all stored secrets open with "${current}" (webhooks: ${String(count)})`);
}
