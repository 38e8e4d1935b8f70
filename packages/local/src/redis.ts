import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { loadOrCreatePassword } from './password.js';
import { freePort } from './port.js';
import { startProcess } from './process.js';

/** A Redis or Valkey server that this process started. */
export interface LocalRedis {
  url: string;
  pid: number;
  /** Stops the server. SIGKILL is a crash: the next start has what the append-only file holds. */
  stop: (signal?: NodeJS.Signals) => Promise<void>;
  /** Resolves when the server ends, for any reason. */
  ended: Promise<unknown>;
}

const SERVERS = ['redis-server', 'valkey-server'];

/**
 * Starts a Redis (or Valkey) server on 127.0.0.1 that keeps every job: append-only file, no eviction.
 * Throws when neither server is on the PATH.
 *
 * @param folder for the append-only file; created when it does not exist
 * @param port default: a free one
 * @param passwordFile keeps the password; default: `password` in the folder
 * @param settings directives of redis.conf; they override the defaults
 */
export async function startRedis({
  folder,
  port,
  passwordFile = join(folder, 'password'),
  settings = {},
}: {
  folder: string;
  port?: number;
  passwordFile?: string;
  settings?: Record<string, string>;
}): Promise<LocalRedis> {
  const server = redisServer();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const password = loadOrCreatePassword(passwordFile);
  const chosenPort = port ?? (await freePort());
  const redis = startProcess(server, ['-'], {
    name: server,
    // On standard input, since every user of the machine can see the arguments of a command.
    input: configuration({
      bind: '127.0.0.1',
      port: String(chosenPort),
      dir: folder,
      requirepass: password,
      appendonly: 'yes',
      'maxmemory-policy': 'noeviction',
      save: '',
      ...settings,
    }),
  });
  try {
    await redis.waitFor('Ready to accept connections');
  } catch (error) {
    await redis.stop('SIGKILL').catch(() => undefined);
    throw error;
  }
  return {
    url: `redis://:${password}@127.0.0.1:${String(chosenPort)}`,
    pid: redis.pid,
    ended: redis.ended,
    async stop(signal) {
      await redis.stop(signal);
    },
  };
}

/** Returns the server that is on the PATH. Throws when there is none. */
export function redisServer(): string {
  const server = SERVERS.find(isOnPath);
  if (server === undefined) throw new Error('Neither redis-server nor valkey-server is on the PATH: install one of them.');
  return server;
}

function configuration(settings: Record<string, string>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}\n`)
    .join('');
}

function isOnPath(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
