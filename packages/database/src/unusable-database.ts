import { NotReadyError } from '@tidings/runtime/health';
import { SessionError } from './connection/session-error.js';
import { findFailure, MIGRATE_COMMAND, type FailureKind } from './failure.js';
import type { MigrationState } from './migrations/state.js';
import { OLDEST_POSTGRESQL, type DatabaseServer } from './sql/read-server.js';

/** Why Tidings cannot use a database: a failure of PostgreSQL, or a state of the database. */
export type UnusableKind =
  FailureKind | 'session_refused' | 'too_old' | 'migrations_missing' | 'migration_failed' | 'foreign' | 'seal_keys' | 'unknown';

/** A database that Tidings cannot use. Its message, the reason, names no host, user or database, and may be shown to anybody. */
export class UnusableDatabaseError extends NotReadyError {
  constructor(
    readonly kind: UnusableKind,
    reason: string,
    /** For operators: a sentence. */
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
    this.name = 'UnusableDatabaseError';
  }

  /** Whether waiting cannot help: the process should end. */
  get isFinal(): boolean {
    return this.kind === 'too_old' || this.kind === 'session_refused';
  }
}

/** Describes an error of a statement. */
export function unusableBecauseOf(error: unknown): UnusableDatabaseError {
  if (error instanceof UnusableDatabaseError) return error;
  const failure = findFailure(error);
  const options = { cause: error };
  if (failure && error instanceof SessionError)
    return new UnusableDatabaseError(error.isPermanent ? 'session_refused' : 'session', error.message, failure.remedy, options);
  if (failure) return new UnusableDatabaseError(failure.kind, failure.reason, failure.remedy, options);
  return new UnusableDatabaseError('unknown', 'PostgreSQL answers with an unknown error', 'The log has the error.', options);
}

/** Describes a server that is older than Tidings supports. */
export function tooOld({ version }: Pick<DatabaseServer, 'version'>): UnusableDatabaseError {
  return new UnusableDatabaseError(
    'too_old',
    `PostgreSQL ${version} is too old: Tidings needs PostgreSQL ${String(OLDEST_POSTGRESQL)} or newer`,
    'Upgrade PostgreSQL: docs/compatibility.md lists the versions.',
  );
}

/** Describes the reason why the migrations of a database do not fit this version; null when they do. A newer database fits. */
export function unfitMigrations({
  applied,
  pending,
  failed,
  unknown,
  hasForeignTables,
}: MigrationState): UnusableDatabaseError | null {
  const [firstFailed] = failed;
  if (firstFailed !== undefined) {
    return new UnusableDatabaseError(
      'migration_failed',
      `the migration ${firstFailed} is still running, or broke off`,
      `If no migration is running, run "${MIGRATE_COMMAND}" to see the error, and read docs/deploying.md, Migrations.`,
    );
  }
  if (applied.length === 0 && (unknown.length > 0 || hasForeignTables)) {
    const whose =
      unknown.length > 0 ? 'the migrations of another application' : 'a table "webhooks" that no migration of Tidings made';
    return new UnusableDatabaseError(
      'foreign',
      `the database has ${whose}`,
      'Set DATABASE_URL to a database of its own for Tidings.',
    );
  }
  const [first] = pending;
  if (first === undefined) return null;
  const which = applied.length === 0 ? 'all' : pending.length === 1 ? first : `${String(pending.length)} from ${first} on`;
  return new UnusableDatabaseError(
    'migrations_missing',
    `migrations are missing (${which}): run "${MIGRATE_COMMAND}"`,
    `Run "${MIGRATE_COMMAND}" with the DATABASE_URL of this process.`,
  );
}
