/**
 * Kinds of failures that lie outside of Tidings' own code: of the connection, of locks, of limits, of rights and of the state of
 * the database. All of them end without a change of Tidings: callers of the API get a 503, and may try again.
 */
export type FailureKind = keyof typeof KINDS;

/** A failure of PostgreSQL, in words that name no host, user or database, and may be shown to anybody. */
export interface DatabaseFailure {
  kind: FailureKind;
  /** The SQLSTATE, or the code of the driver or of Prisma, such as `ECONNREFUSED`; null when the error has none. */
  code: string | null;
  /** The fact: `PostgreSQL cannot be reached`. */
  reason: string;
  /** The remedy, for operators: a sentence. */
  remedy: string;
  /** Whether it concerns every statement of the process, and not only the one that failed. */
  isGeneral: boolean;
}

/** The command that applies migrations. */
export const MIGRATE_COMMAND = 'node packages/database/dist/migrations/main.js';

interface Kind {
  /**
   * SQLSTATEs, or the first characters of several (https://www.postgresql.org/docs/current/errcodes-appendix.html), codes of
   * Prisma (https://www.prisma.io/docs/orm/reference/error-reference), and kinds of errors of its driver adapter.
   */
  codes: RegExp;
  /** Messages of errors that have no code: of the package pg. */
  messages?: RegExp;
  isGeneral: boolean;
  reason: string;
  remedy: string;
}

/** The first kind that fits is the one. */
const KINDS = {
  session: {
    codes: /^TIDINGS_SESSION$/,
    isGeneral: true,
    reason: 'the sessions of PostgreSQL cannot have what the statements rely on',
    remedy: 'Correct DATABASE_URL or DATABASE_POOLER: docs/deploying.md, The URL of the database.',
  },
  tls: {
    codes:
      /^(P1011$|TlsConnectionError$|CERT_|ERR_TLS_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|UNABLE_TO_(VERIFY|GET_ISSUER)|HOSTNAME_MISMATCH|EPROTO$|ERR_SSL_)/,
    messages: /server does not support SSL connections|error establishing an SSL connection/,
    isGeneral: true,
    reason: 'no TLS connection to PostgreSQL can be made',
    remedy: 'Check sslmode and the certificates of DATABASE_URL, and whether the server offers TLS.',
  },
  login: {
    codes: /^(28...$|P1000$|P1010$|AuthenticationFailed$|DatabaseAccessDenied$)/,
    messages: /SASL|client password must be a string|password authentication failed/,
    isGeneral: true,
    reason: 'PostgreSQL refuses the login: the user, the password or pg_hba.conf',
    remedy: 'Check the user and the password of DATABASE_URL, and whether pg_hba.conf admits this host.',
  },
  database_missing: {
    codes: /^(3D000$|P1003$|DatabaseDoesNotExist$|57P04$)/,
    isGeneral: true,
    reason: 'the database of DATABASE_URL does not exist',
    remedy: `Create it, or correct its name in DATABASE_URL; then run "${MIGRATE_COMMAND}".`,
  },
  connections_exhausted: {
    codes: /^(53300$|P2037$|TooManyConnections$)/,
    isGeneral: true,
    reason: 'PostgreSQL has no connection left',
    remedy: 'Raise max_connections, or lower DATABASE_POOL or the number of processes.',
  },
  resources_exhausted: {
    codes: /^(53|58)...$/,
    isGeneral: true,
    reason: "PostgreSQL's machine has no disk space or memory left, or its disk fails",
    remedy: "Read PostgreSQL's own log, and free disk space or memory there.",
  },
  starting_or_stopping: {
    codes: /^57P0[1-35]$/,
    messages: /is not currently accepting connections$/,
    isGeneral: true,
    reason: 'PostgreSQL is starting or stopping',
    remedy: 'Wait. The process connects again by itself.',
  },
  read_only: {
    codes: /^25006$/,
    isGeneral: true,
    reason: 'PostgreSQL refuses writes: it is a standby, or configured as read-only',
    remedy: 'Set DATABASE_URL to the primary, or turn default_transaction_read_only off.',
  },
  unmigrated: {
    codes: /^(42P01|42703|42704|42883|3F000|P2021|P2022|TableDoesNotExist|ColumnNotFound)$/,
    isGeneral: true,
    reason: 'tables, columns or functions of Tidings are missing: migrations are missing, or this is another database',
    remedy: `Run "${MIGRATE_COMMAND}" with the DATABASE_URL of the API.`,
  },
  rights: {
    codes: /^42501$/,
    isGeneral: true,
    reason: 'the role of DATABASE_URL lacks a right',
    remedy: 'Grant it: "tidings doctor" lists the rights that the role lacks.',
  },
  partition_missing: {
    codes: /^$/,
    messages: /no partition of relation .* found for row/,
    isGeneral: true,
    reason: 'the log has no partition for the present time',
    remedy: 'Check the clock of PostgreSQL and the periodic task "keep partitions".',
  },
  busy: {
    codes: /^(55P03|55006|57014|40...|25P03|25P04|P2028|P2034|TransactionWriteConflict|TransactionAlreadyClosed)$/,
    isGeneral: false,
    reason: 'a statement waited too long for a lock, ran too long, or was in conflict with another',
    remedy: 'Look for long transactions and locks in pg_stat_activity.',
  },
  pool_exhausted: {
    codes: /^P2024$/,
    messages: /^timeout exceeded when trying to connect$/,
    isGeneral: false,
    reason: 'no database connection was free in time, or PostgreSQL did not answer',
    remedy: 'Check whether PostgreSQL answers; raise DATABASE_POOL if it does.',
  },
  unreachable: {
    codes:
      /^(08...|P1001|P1002|P1008|P1017|P1018|DatabaseNotReachable|ConnectionClosed|SocketTimeout|ECONN(REFUSED|RESET|ABORTED)|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_(AGAIN|FAIL|NODATA|NONAME)|E(HOST|NET)(UNREACH|DOWN)|EADDRNOTAVAIL|ENOENT|EACCES|EMFILE|ENFILE)$/,
    messages:
      /Connection terminated|not queryable|Client was closed|^timeout expired$|Query read timeout|Cannot use a pool after calling end/,
    isGeneral: true,
    reason: 'PostgreSQL cannot be reached',
    remedy: 'Check that it runs, the host and the port of DATABASE_URL, and the network between.',
  },
} as const satisfies Record<string, Kind>;

/** Codes of sockets, DNS and TLS, which errors of other dependencies have, too. */
const OF_SOCKETS = /^(E|CERT_|DEPTH_|SELF_|UNABLE_|HOSTNAME_)/;
/** Limits the causes that are followed. */
const MAX_DEPTH = 6;

/** Errors of connections to PostgreSQL: {@link markErrors} adds them. */
const marked = new WeakSet<object>();

/** Remembers that an error comes from a connection to PostgreSQL, because errors of sockets do not say so. */
export function markAsDatabaseError(error: unknown): void {
  if (typeof error !== 'object' || error === null) return;
  marked.add(error);
  if (error instanceof AggregateError) error.errors.forEach(markAsDatabaseError);
}

/**
 * Finds the failure of PostgreSQL behind an error: of the package pg, of Prisma and its driver adapter, or an error that has
 * such a cause. Null for every other error: of another dependency, of the request, or of the code, such as a violated
 * constraint.
 */
export function findFailure(error: unknown, depth = 0): DatabaseFailure | null {
  if (typeof error !== 'object' || error === null || depth > MAX_DEPTH) return null;
  const { cause, meta, errors, code, errorCode, originalCode, kind, message } = error as ErrorFields;
  // The innermost code is the most exact one: Prisma has one for several of PostgreSQL's.
  for (const inner of [meta?.driverAdapterError, cause, ...(Array.isArray(errors) ? (errors as unknown[]) : [])]) {
    const failure = findFailure(inner, depth + 1);
    if (failure) return failure;
  }
  const codes = [originalCode, code, errorCode, kind].filter((one) => typeof one === 'string');
  const known = codes.filter((one) => !OF_SOCKETS.test(one) || marked.has(error));
  const text = typeof message === 'string' ? message : '';
  for (const [name, { codes: expected, messages, ...words }] of Object.entries(KINDS) as [FailureKind, Kind][]) {
    const found = known.find((one) => expected.test(one));
    if (found !== undefined || messages?.test(text)) return { kind: name, code: found ?? codes[0] ?? null, ...words };
  }
  return null;
}

/** The fields that errors of pg, Prisma, its driver adapter and Node have. */
interface ErrorFields {
  message?: unknown;
  cause?: unknown;
  errors?: unknown;
  code?: unknown;
  errorCode?: unknown;
  originalCode?: unknown;
  kind?: unknown;
  meta?: { driverAdapterError?: unknown } | undefined;
}

/**
 * Returns the first line of an error, for operators: PostgreSQL's own message, which may name a host, a user or a database, and
 * no password.
 */
export function originalMessage(error: unknown, depth = 0): string {
  if (typeof error !== 'object' || error === null || depth > MAX_DEPTH) return String(error);
  const { message, cause, errors, meta, originalMessage: original } = error as ErrorFields & { originalMessage?: unknown };
  if (typeof original === 'string') return original;
  if (meta?.driverAdapterError !== undefined) return originalMessage(meta.driverAdapterError, depth + 1);
  if (Array.isArray(errors) && errors.length > 0) return originalMessage(errors[0], depth + 1);
  // The driver adapter's error has only the name of the kind as its message, and an UnusableDatabaseError our own words.
  if (typeof cause === 'object' && cause !== null && ('originalMessage' in cause || findFailure(cause) !== null))
    return originalMessage(cause, depth + 1);
  return (typeof message === 'string' ? message.trim().split('\n')[0] : undefined) ?? '';
}
