import type { Queryable } from './database.js';
import { readMigrationState } from './migrations/state.js';
import { readRights } from './sql/read-rights.js';
import { readSealedSample } from './sql/read-sealed-sample.js';
import { isSupported, readServer } from './sql/read-server.js';
import type { SealedWebhook } from './sql/reseal-webhooks.js';
import { findFailure } from './failure.js';
import { tooOld, unfitMigrations, unusableBecauseOf, UnusableDatabaseError } from './unusable-database.js';

/** The options of {@link createDatabaseCheck}. */
export interface DatabaseCheckOptions {
  /** The pools of the process. One without a free connection does not make the database unusable: the others still work. */
  pools: Readonly<Record<string, Queryable>>;
  /** Whether SECRETS_KEYS opens the sealed columns of a webhook; null when they are no sealed texts. */
  canOpen: (webhook: SealedWebhook) => boolean | null;
  /**
   * Gets a warning, once, when the database is newer than this process, when some secrets do not open, and when the role cannot add
   * and drop periods of the log.
   */
  log: { warn: (message: string, details: object) => void };
  /** Returns a time in milliseconds. */
  now?: () => number;
}

/** How long the seals count as checked, in milliseconds. */
const CHECKED_FOR_MS = 30_000;
/** Limits the rights that a warning names. */
const MAX_NAMED = 5;
/** Number of the oldest and of the newest webhooks whose secrets are opened. */
const SAMPLE = 50;

/**
 * Creates the check whether this process can use its database, for `/readyz`, the metrics and the start: PostgreSQL answers, is
 * of a supported version and accepts writes, the database has the migrations of this version, and SECRETS_KEYS opens what is
 * stored. It rejects with an {@link UnusableDatabaseError}.
 */
export function createDatabaseCheck(options: DatabaseCheckOptions): () => Promise<void> {
  const { pools, canOpen, log, now = () => performance.now() } = options;
  let checkedAt = Number.NEGATIVE_INFINITY;
  const warned = new Set<string>();
  const warnOnce = (message: string, details: object): void => {
    if (warned.has(message)) return;
    warned.add(message);
    log.warn(message, details);
  };

  async function checkMigrations(sql: Queryable): Promise<void> {
    const state = await readMigrationState(sql);
    if (state === null) return;
    const unfit = unfitMigrations(state);
    if (unfit) throw unfit;
    if (state.unknown.length > 0)
      warnOnce('A newer version of Tidings migrated the database: run that version.', { migrations: state.unknown });
  }

  async function checkSeals(sql: Queryable): Promise<void> {
    const opened = (await readSealedSample(sql, SAMPLE)).map((webhook) => ({ id: webhook.id, isOpen: canOpen(webhook) }));
    const closed = opened.filter(({ isOpen }) => isOpen === false);
    const [first] = closed;
    if (first === undefined) return;
    if (opened.some(({ isOpen }) => isOpen === true)) {
      warnOnce('SECRETS_KEYS does not open the secrets of some webhooks: they receive nothing. "tidings doctor" lists them.', {
        webhook_id: first.id,
      });
      return;
    }
    throw new UnusableDatabaseError(
      'seal_keys',
      'SECRETS_KEYS opens none of the stored secrets',
      'Set SECRETS_KEYS to the value with which they were stored; "tidings doctor" names the key of each.',
    );
  }

  let hasCheckedRights = false;
  async function checkRights(sql: Queryable): Promise<void> {
    if (hasCheckedRights) return;
    const { role, missingForPartitions, grants } = await readRights(sql);
    hasCheckedRights = true;
    if (missingForPartitions.length === 0) return;
    warnOnce('The role of DATABASE_URL cannot add and drop periods of the log: no event is accepted when the present ones end.', {
      role,
      missing: some(missingForPartitions),
      remedy: `Run as the role that owns the tables: ${some(grants).join('; ')}`,
    });
  }

  async function checkThrough(sql: Queryable): Promise<void> {
    const server = await readServer(sql);
    if (!isSupported(server)) throw tooOld(server);
    if (server.readOnly) throw unusableBecauseOf({ code: '25006' });
    await checkMigrations(sql);
    await checkRights(sql);
    if (now() - checkedAt < CHECKED_FOR_MS) return;
    await checkSeals(sql);
    checkedAt = now();
  }

  return async () => {
    try {
      await Promise.any(Object.values(pools).map(checkThrough));
    } catch (error) {
      checkedAt = Number.NEGATIVE_INFINITY;
      // A pool without a free connection says less than the failure of another one.
      const errors = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
      throw unusableBecauseOf(errors.find((one) => findFailure(one)?.kind !== 'pool_exhausted') ?? errors[0]);
    }
  };
}

function some(names: readonly string[]): string[] {
  return names.slice(0, MAX_NAMED);
}

const RETRY_MS = 1000;

/**
 * Waits until the check resolves, and tries once a second, because PostgreSQL may start later than this process, and be migrated
 * later still. Rejects when waiting cannot help.
 *
 * @returns false when `isStopping` ended the wait
 */
export async function waitForDatabase(
  check: () => Promise<unknown>,
  { log, isStopping }: { log: DatabaseCheckOptions['log']; isStopping: () => boolean },
): Promise<boolean> {
  while (!isStopping()) {
    try {
      await check();
      return true;
    } catch (error) {
      if (error instanceof UnusableDatabaseError && error.isFinal) throw error;
      log.warn('The database cannot be used yet; trying again.', { error });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  return false;
}
