import pg from 'pg';
import type { DatabaseAddress } from './database-url.js';
import { SessionError } from './session-error.js';
import {
  setLocally,
  setVersionSettings,
  startupOptions,
  startupWords,
  versionSettings,
  type Settings,
} from './session-settings.js';
import { prepareTls } from './prepare-tls.js';
import { tlsOptions } from './tls.js';

/** The options of a session, beside those of the driver. */
export interface SessionOptions {
  address: DatabaseAddress;
  settings: Settings;
  /** Whether a transaction pooler is in between: each transaction may run in another session. */
  hasPooler: boolean;
  /** Creates the schema when the database has none of that name. Default false: a session without its schema is refused. */
  createsSchema?: boolean;
  /** Schemas in front of Tidings' own, whose functions replace those of PostgreSQL: a clock for tests. Default: none. */
  searchFirst?: readonly string[];
}

/** The driver's configuration together with that of the session. `pg.Pool` hands it to each {@link SessionClient}. */
export interface SessionConfig extends pg.PoolConfig {
  session: SessionOptions;
}

/** The application's setting that shows whether the start-up parameters arrived. */
const MARKER = 'tidings.session';
const ADVICE =
  'A transaction pooler is between Tidings and PostgreSQL: set DATABASE_POOLER=transaction, or connect to PostgreSQL directly.';
/** What poolers answer to start-up parameters: PgBouncer, and proxies of hosted databases. */
const REFUSED_PARAMETER = /startup parameter|start-up parameter|command-line options/i;

/** Adds to the driver's configuration what a session of Tidings needs. Throws when a file of the URL cannot be read. */
export function sessionConfig(config: pg.PoolConfig, session: SessionOptions): SessionConfig {
  const { address, settings, hasPooler } = session;
  const { user, password, host, port, database, tls } = address;
  const words = [...address.options, ...startupWords(settings), '-c', `${MARKER}=pinned`];
  const options = hasPooler ? startupOptions(address.options) : startupOptions(words);
  return {
    ...config,
    user,
    password,
    host,
    port,
    database,
    ssl: tlsOptions(tls, host ?? 'localhost'),
    ...(tls.isDirect ? { sslnegotiation: 'direct' as const } : {}),
    enableChannelBinding: tls.channelBinding !== 'disable',
    options,
    application_name: [address.applicationName ?? 'tidings', config.application_name].filter(Boolean).join(' '),
    keepAlive: true,
    // The three statements of a transaction take one round trip.
    pipeline: hasPooler,
    // The driver hides its own copy of the password from logs.
    session: { ...session, address: { ...address, password: '' } },
  };
}

/** What a new session says about itself. */
interface SessionRow {
  version: number;
  marker: string | null;
  schema: string | null;
  isUsable: boolean | null;
}

type Callback = (error: Error | null, result?: unknown) => void;
type Statement = string | (pg.QueryConfig & { query_timeout?: number });

/**
 * A connection whose session has the settings that the statements rely on, whatever the server, the database, the role and the
 * URL say. Fails to connect with a {@link SessionError} when it cannot have them.
 *
 * Without a pooler the settings are start-up parameters, which take precedence over all defaults. Behind a transaction pooler
 * nothing of a session lasts, so each transaction begins with all of them (`SET LOCAL`), a statement alone gets a transaction
 * of its own, and no statement is named. `SET` and `RESET` outside of a transaction then count for the transactions of this
 * client.
 */
export class SessionClient extends pg.Client {
  private readonly session: SessionOptions;
  /** Behind a pooler: begins a transaction with all settings. */
  private beginning = '';
  private isInTransaction = false;
  private readonly own = new Map<string, string>();

  constructor(config: SessionConfig) {
    super(config);
    this.session = config.session;
    // A server that ends the connection while it is being opened is an error of `connect`, and another one of the client, after
    // the pool has removed its listener: it would end the process.
    this.on('error', () => undefined);
  }

  override connect(): Promise<this>;
  override connect(callback: (error: Error) => void): void;
  override connect(callback?: (error: Error) => void): Promise<this> | undefined {
    const connected = this.open();
    if (callback === undefined) return connected.then(() => this);
    connected.then(() => {
      callback(null as unknown as Error);
    }, callback);
    return undefined;
  }

  private async open(): Promise<void> {
    const checkBinding = await prepareTls(this, this.session.address.tls);
    try {
      await super.connect();
      checkBinding();
    } catch (error) {
      throw explained(error as Error);
    }
    try {
      await this.prepare();
    } catch (error) {
      // Not awaited: the server may be gone.
      void this.end().catch(() => undefined);
      throw error;
    }
  }

  /** Checks that the session has its settings, and adds those that depend on the server. */
  private async prepare(): Promise<void> {
    const { address, hasPooler, settings, createsSchema = false, searchFirst = [] } = this.session;
    const wanted = address.schema;
    if (createsSchema && wanted !== undefined) await this.createSchema(wanted);
    const path = (schema: string) =>
      `concat_ws(', ', ${[...searchFirst.map(literal), `quote_ident(${schema})`, `'pg_temp'`].join(', ')})`;
    const { rows } = await this.send<SessionRow>(`
      WITH session AS MATERIALIZED (
        SELECT pg_catalog.current_setting('server_version_num')::int AS version,
          pg_catalog.current_setting('${MARKER}', true) AS marker, ${wanted === undefined ? SCHEMA_OF_PATH : schemaNamed(wanted)} AS schema
      )
      SELECT version, marker, schema, pg_catalog.has_schema_privilege(schema, 'USAGE') AS "isUsable"
        ${
          hasPooler
            ? ''
            : `, ${setVersionSettings()}, ${RESET_REPLICATION_ROLE},
        CASE WHEN schema IS NOT NULL THEN pg_catalog.set_config('search_path', ${path('schema')}, false) END`
        }
      FROM session`);
    const { version, marker, schema, isUsable } = rows[0] as SessionRow;
    if (!hasPooler && marker !== 'pinned') throw new SessionError(ADVICE, true);
    if (schema === null) throw new SessionError(missingSchema(wanted), false);
    if (!isUsable) throw new SessionError(`The role may not use the schema "${schema}": GRANT USAGE ON SCHEMA to it.`, false);
    if (!hasPooler) return;
    const searchPath = [...searchFirst, pg.escapeIdentifier(schema), 'pg_temp'].join(', ');
    const all = { ...settings, ...versionSettings(Math.floor(version / 10_000)) };
    this.beginning = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE; SET LOCAL search_path = ${searchPath}; ${setLocally(all)}`;
  }

  private async createSchema(schema: string): Promise<void> {
    const { rows } = await this.send<{ exists: boolean }>(`SELECT ${schemaNamed(schema)} IS NOT NULL AS exists`);
    if (rows[0]?.exists === false) await this.send(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(schema)}`);
  }

  /** Sends a statement as it is. */
  private send<Row extends pg.QueryResultRow>(statement: Statement, values?: unknown[]): Promise<pg.QueryResult<Row>> {
    return super.query<Row>(statement as pg.QueryConfig, values);
  }

  // The driver declares many signatures; the pool passes a callback, other callers use the promise.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- see above
  override query(...args: any[]): any {
    if (!this.session.hasPooler || this.beginning === '') {
      return (super.query as (...all: unknown[]) => unknown).apply(this, args);
    }
    const callback = args.find((argument) => typeof argument === 'function') as Callback | undefined;
    const values = args.find(Array.isArray) as unknown[] | undefined;
    const result = this.run(unnamed(args[0] as Statement), values);
    if (callback === undefined) return result;
    result.then(
      (value) => {
        callback(null, value);
      },
      (error: unknown) => {
        callback(error as Error);
      },
    );
    return undefined;
  }

  private async run(statement: Statement, values: unknown[] | undefined): Promise<pg.QueryResult> {
    const text = (typeof statement === 'string' ? statement : statement.text).trim();
    if (/^BEGIN\b/i.test(text)) {
      this.isInTransaction = true;
      return this.send(`${this.begin()}; ${text.replace(/^BEGIN[^;]*;?/i, '')}`);
    }
    if (this.isInTransaction) {
      if (/^(COMMIT|ROLLBACK(?! TO))\b/i.test(text)) this.isInTransaction = false;
      return this.send(statement, values);
    }
    const setting = /^(SET|RESET) (\w+)(?: = (.+))?$/i.exec(text);
    if (setting !== null) return this.remember(String(setting[2]), setting[3]);
    // The one kind of statement that PostgreSQL refuses in a transaction; and SHOW, which says what settings it has there.
    if (/^((CREATE|DROP) INDEX CONCURRENTLY|SHOW)\b/i.test(text)) return this.send(statement, values);
    const [begun, result, ended] = await Promise.allSettled([
      this.send(this.begin()),
      this.send(statement, values),
      this.send('COMMIT'),
    ]);
    for (const part of [begun, result, ended]) if (part.status === 'rejected') throw part.reason;
    return (result as PromiseFulfilledResult<pg.QueryResult>).value;
  }

  private begin(): string {
    const own = [...this.own].map(([name, value]) => `; SET LOCAL ${name} = ${value}`).join('');
    return this.beginning + own;
  }

  private remember(name: string, value: string | undefined): pg.QueryResult {
    if (value === undefined) this.own.delete(name);
    else this.own.set(name, value);
    return { command: 'SET', rowCount: null, oid: 0, fields: [], rows: [] };
  }
}

/** Says what a server means that refuses the start-up parameters. */
function explained(error: Error): Error {
  if (REFUSED_PARAMETER.test(error.message)) return new SessionError(ADVICE, true, { cause: error });
  if (error.message.includes('unrecognized configuration parameter'))
    return new SessionError(`PostgreSQL is older than version 14, which Tidings needs: ${error.message}.`, true, {
      cause: error,
    });
  return error;
}

/** Behind a pooler a named statement would be looked for in another session. */
function unnamed(statement: Statement): Statement {
  return typeof statement === 'string' ? statement : { ...statement, name: undefined };
}

/**
 * The schema of Tidings without `?schema=`: the first of the search path that has its tables; or `public`, if that has them; or,
 * before the first migration, the one in which the role creates tables, and `public` if there is none.
 */
const SCHEMA_OF_PATH = `coalesce(
  (SELECT nspname FROM pg_catalog.pg_class AS attempts JOIN pg_catalog.pg_namespace AS found ON found.oid = attempts.relnamespace
   WHERE attempts.oid = pg_catalog.to_regclass('attempts')
     AND EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = found.oid AND relname = 'deliveries')),
  (SELECT 'public' WHERE pg_catalog.to_regclass('public.attempts') IS NOT NULL AND pg_catalog.to_regclass('public.deliveries') IS NOT NULL),
  (SELECT pg_catalog.current_schema() WHERE pg_catalog.current_schema() NOT LIKE 'pg\\_%'),
  (SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = 'public')
)`;

const schemaNamed = (name: string) => `(SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = ${literal(name)})`;

/** Triggers would not fire with another value. Only a superuser may have set it, and only one may set it back. */
const RESET_REPLICATION_ROLE = `CASE WHEN pg_catalog.current_setting('session_replication_role') <> 'origin'
  THEN pg_catalog.set_config('session_replication_role', 'origin', false) END`;

function missingSchema(wanted: string | undefined): string {
  return wanted === undefined
    ? "The role's search path leads to no schema: add ?schema= to DATABASE_URL, such as ?schema=public."
    : `The database has no schema "${wanted}": run the migrations, or correct ?schema= in DATABASE_URL.`;
}

function literal(text: string): string {
  return pg.escapeLiteral(text);
}
