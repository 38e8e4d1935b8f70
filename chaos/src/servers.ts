import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '@tidings/database';
import { startPostgres, startRedis, type LocalPostgres, type LocalRedis } from '@tidings/local';
import type { Cleanup } from './cleanup.js';

/** A server that a scenario may break. It keeps its address. */
export interface Breakable {
  url: string;
  pid: () => number;
  /** Ends it with a signal, or waits for the end that came by itself. */
  stop: (signal: NodeJS.Signals) => Promise<void>;
  /** Starts it again, on the data that it left. */
  start: () => Promise<void>;
}

export interface BreakableRedis extends Breakable {
  /** Deletes what it has on disk, while it is stopped. */
  empty: () => void;
}

export async function startBreakablePostgres(
  folder: string,
  cleanup: Cleanup,
  settings: Record<string, string> = {},
): Promise<Breakable> {
  const server = await startBreakable((port) => startPostgres({ folder, settings, ...port }), 'SIGQUIT', cleanup);
  await migrate(server.url);
  return server;
}

export async function startBreakableRedis(folder: string, cleanup: Cleanup): Promise<BreakableRedis> {
  return {
    ...(await startBreakable((port) => startRedis({ folder, ...port }), 'SIGKILL', cleanup)),
    empty() {
      // The password stays beside it.
      rmSync(join(folder, 'appendonlydir'), { recursive: true, force: true });
    },
  };
}

async function startBreakable(
  launch: (port: { port?: number }) => Promise<LocalPostgres | LocalRedis>,
  lastSignal: NodeJS.Signals,
  cleanup: Cleanup,
): Promise<Breakable> {
  let server: LocalPostgres | LocalRedis | undefined = await launch({});
  const { url } = server;
  cleanup.add(() => server?.stop(lastSignal));
  return {
    url,
    pid: () => server?.pid ?? -1,
    async stop(signal) {
      await server?.stop(signal);
      server = undefined;
    },
    async start() {
      server ??= await launch({ port: Number(new URL(url).port) });
    },
  };
}

let databases = 0;

/** A new database on a server, a copy of its migrated one. It is dropped at the end. */
export async function createDatabase(serverUrl: string, cleanup: Cleanup): Promise<string> {
  databases += 1;
  const name = `chaos_${String(process.pid)}_${String(databases)}`;
  const url = new URL(serverUrl);
  const source = url.pathname.slice(1);
  url.pathname = '/postgres';
  const server = url.href;
  await query(server, `CREATE DATABASE ${name} TEMPLATE ${source} STRATEGY FILE_COPY`);
  cleanup.add(() => query(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  url.pathname = `/${name}`;
  return url.href;
}

/** One statement on a connection of its own, so that it works again as soon as PostgreSQL does. */
export async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, query_timeout: 20_000 });
  // A connection that breaks is seen by the statement that it breaks.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
