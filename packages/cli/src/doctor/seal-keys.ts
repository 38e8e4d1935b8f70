import { readSealedWebhooks, type Database, type SealedWebhook } from '@tidings/database';
import { createSeal, parseSealKeys, sealedWith, type Seal, type SealKey } from '@tidings/secrets';
import { reasonOf } from '../failure.js';
import { columnsOf } from '../sealed-columns.js';
import { findingsOf, type Finding } from './finding.js';

const keys = findingsOf('seal keys');

const PAGE = 500;
/** So many webhooks are named. */
const NAMED = 3;

/** Whether `SECRETS_KEYS` can be read, and opens all that is stored. */
export async function checkSealKeys(text: string | undefined, database: Pick<Database, 'pool'> | null): Promise<Finding> {
  if (!text) return keys.wrong('SECRETS_KEYS is not set', 'Set it as it is for the API and the workers.');
  let parsed: SealKey[];
  try {
    parsed = parseSealKeys(text);
  } catch (error) {
    return keys.wrong(`SECRETS_KEYS is wrong: ${reasonOf(error)}`, 'The API and the workers do not start with it.');
  }
  if (database === null) return keys.skipped('SECRETS_KEYS can be read; there is no database to try it on');
  return judge(await tryAll(database, createSeal(parsed), String(parsed[0]?.id)), String(parsed[0]?.id));
}

interface Tried {
  count: number;
  /** Sealed by another key than the first, and opened. */
  old: number;
  /** Why, by the id of the webhook. */
  closed: Map<string, string>;
}

async function tryAll({ pool }: Pick<Database, 'pool'>, seal: Seal, current: string): Promise<Tried> {
  const tried: Tried = { count: 0, old: 0, closed: new Map() };
  let after: string | undefined = '';
  while (after !== undefined) {
    const page: SealedWebhook[] = await readSealedWebhooks(pool, { after, limit: PAGE });
    for (const webhook of page) tryOne(webhook, { tried, seal, current });
    after = page.length < PAGE ? undefined : page.at(-1)?.id;
  }
  return tried;
}

function tryOne(webhook: SealedWebhook, { tried, seal, current }: { tried: Tried; seal: Seal; current: string }): void {
  tried.count += 1;
  const columns = columnsOf(webhook).flatMap(({ sealed, owner }) => (sealed === null ? [] : [{ sealed, owner }]));
  try {
    for (const { sealed, owner } of columns) seal.open(sealed, owner);
    if (columns.some(({ sealed }) => sealedWith(sealed) !== current)) tried.old += 1;
  } catch (error) {
    tried.closed.set(webhook.id, reasonOf(error));
  }
}

function judge({ count, old, closed }: Tried, current: string): Finding {
  if (closed.size > 0) {
    const some = [...closed].slice(0, NAMED).map(([id, reason]) => `${id} (${reason})`);
    const more = closed.size > NAMED ? `, and ${String(closed.size - NAMED)} more` : '';
    const advice = 'Add the key that sealed them to the end of SECRETS_KEYS: these webhooks get nothing until then.';
    return keys.wrong(`${String(closed.size)} of ${String(count)} webhooks do not open: ${some.join('; ')}${more}`, advice);
  }
  if (old > 0) {
    const message = `open all that is sealed; of ${String(count)} webhooks ${String(old)} need an earlier key than "${current}"`;
    return keys.warning(message, 'Run "tidings reseal" before you remove the earlier keys.');
  }
  return keys.ok(`open all that is sealed, with "${current}" (webhooks: ${String(count)})`);
}
