import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '@tidings/database';
import { startPostgres } from '@tidings/local';
import { fillYear, type YearSize } from './fill.js';
import type { OnStep } from './step.js';

/** A PostgreSQL server that keeps the database of a year. */
export interface YearServer {
  /** URL of a database beside that of the year. */
  url: string;
  /** NaN for a server that this process did not start. */
  pid: number;
  stop: () => Promise<void>;
}

const FOLDER = join(import.meta.dirname, '../../../.tidings/year/postgres');
/** The name of the database. */
export const YEAR_DATABASE = 'tidings_year';
/** It is renamed when it is complete, so that an interrupted fill is never used. */
const UNFINISHED = 'tidings_year_unfinished';

/** Returns the server of DATABASE_URL; where it is not set, starts the embedded PostgreSQL on its folder in `.tidings/`. */
export async function openYearServer(): Promise<YearServer> {
  const databaseUrl = process.env['DATABASE_URL'];
  if (databaseUrl) return { url: databaseUrl, pid: NaN, stop: () => Promise.resolve() };
  return startPostgres({ folder: FOLDER });
}

/** Returns the size that the year of the server was made with; null when there is none. */
export async function readYearSize({ url }: YearServer): Promise<YearSize | null> {
  const { rows } = await query<{ size: string }>(
    url,
    `SELECT shobj_description(oid, 'pg_database') AS size FROM pg_database WHERE datname = '${YEAR_DATABASE}'`,
  );
  return rows[0] ? (JSON.parse(rows[0].size) as YearSize) : null;
}

/** Makes the year, in place of an earlier one. */
export async function makeYear({ url }: YearServer, size: YearSize, onStep: OnStep): Promise<void> {
  for (const name of [UNFINISHED, YEAR_DATABASE]) await query(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await query(url, `CREATE DATABASE ${UNFINISHED}`);
  const unfinished = withDatabase(url, UNFINISHED);
  await migrate(unfinished);
  await withClient(unfinished, (sql) => fillYear(sql, size, onStep));
  await query(url, `COMMENT ON DATABASE ${UNFINISHED} IS '${JSON.stringify(size)}'`);
  await query(url, `ALTER DATABASE ${UNFINISHED} RENAME TO ${YEAR_DATABASE}`);
}

/** Returns the URL of another database on the same server. */
export function withDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

/** Executes a statement that needs a connection of its own, as those that create and drop databases do. */
export function query<Row extends object>(url: string, statement: string): Promise<pg.QueryResult<Row>> {
  return withClient(url, (sql) => sql.query<Row>(statement));
}

/** Connects for the time that `work` takes. */
export async function withClient<Result>(url: string, work: (sql: pg.Client) => Promise<Result>): Promise<Result> {
  const sql = new pg.Client({ connectionString: url });
  await sql.connect();
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}
