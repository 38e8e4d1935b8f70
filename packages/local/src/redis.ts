import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { keepPassword } from './password.js';
import { freePort } from './port.js';
import { startProcess } from './process.js';

export interface LocalRedis {
  url: string;
  pid: number;
  /** Stops it. SIGKILL is a crash: what the append-only file holds is there at the next start. */
  stop: (signal?: NodeJS.Signals) => Promise<void>;
  /** Resolves when it ends, whoever ended it. */
  ended: Promise<unknown>;
}

const SERVERS = ['redis-server', 'valkey-server'];

/**
 * Starts a Redis (or Valkey) that keeps every job: append-only file, no eviction.
 * Throws when neither server is on the PATH.
 *
 * @param folder where its append-only file lives; made when it is not there
 * @param passwordFile where its password is kept; default: in the folder
 * @param settings more of redis.conf, or other values
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
  const server = SERVERS.find(isOnPath);
  if (server === undefined) throw new Error('Neither redis-server nor valkey-server is on the PATH: install one of them.');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const password = keepPassword(passwordFile);
  const chosenPort = port ?? (await freePort());
  const redis = startProcess(server, ['-'], {
    name: server,
    // From standard input, since everybody sees a command's arguments.
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
