import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '@tidings/database';
import { startPostgres, startRedis, type LocalPostgres, type LocalRedis } from '@tidings/local';
import type { Cleanup } from './cleanup.js';

/** A server that a scenario may break. It restarts at the same address. */
export interface BreakableServer {
  url: string;
  pid: () => number;
  /** Sends the signal, if the server is still running, and waits for its exit. */
  stop: (signal: NodeJS.Signals) => Promise<void>;
  /** Starts it again with the same data. */
  start: () => Promise<void>;
}

export interface BreakableRedis extends BreakableServer {
  /** Deletes its data on disk. Redis must be stopped. */
  deleteData: () => void;
}

/** Starts a PostgreSQL with the migrated schema. */
export async function startBreakablePostgres(
  folder: string,
  cleanup: Cleanup,
  settings: Record<string, string> = {},
): Promise<BreakableServer> {
  const server = await startBreakable((port) => startPostgres({ folder, settings, ...port }), 'SIGQUIT', cleanup);
  await migrate(server.url);
  return server;
}

/** Starts a Redis with an append-only file. */
export async function startBreakableRedis(folder: string, cleanup: Cleanup): Promise<BreakableRedis> {
  return {
    ...(await startBreakable((port) => startRedis({ folder, ...port }), 'SIGKILL', cleanup)),
    deleteData() {
      // Keeps the file with the password, in the same folder.
      rmSync(join(folder, 'appendonlydir'), { recursive: true, force: true });
    },
  };
}

async function startBreakable(
  launch: (port: { port?: number }) => Promise<LocalPostgres | LocalRedis>,
  lastSignal: NodeJS.Signals,
  cleanup: Cleanup,
): Promise<BreakableServer> {
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

/** Copies the migrated database of the URL on the same server, and returns the URL of the copy. The cleanup drops it. */
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

/** Runs one statement on a new connection, so that it works again as soon as PostgreSQL does. */
export async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, query_timeout: 20_000 });
  // The statement fails with the same error.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
