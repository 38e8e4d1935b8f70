import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startProcess, temporaryFolder } from '@tidings/local';
import { findProgram } from './programs.js';

export const PGBOUNCER = findProgram('pgbouncer');

export interface Pgbouncer {
  /** The URL of the database, through the pooler. */
  url: string;
  stop: () => Promise<void>;
}

/**
 * Starts PgBouncer in transaction mode in front of a database. Two connections to PostgreSQL serve all clients, so nothing that a
 * client leaves in a session stays with it.
 *
 * @param settings additional lines of its configuration
 */
export async function startPgbouncer(databaseUrl: string, settings = ''): Promise<Pgbouncer> {
  const { folder, remove } = temporaryFolder();
  const port = await freePort();
  const { hostname, port: serverPort, username, password } = new URL(databaseUrl);
  writeFileSync(join(folder, 'users.txt'), `"${username}" "${decodeURIComponent(password)}"\n`, { mode: 0o644 });
  const config = `
    [databases]
    * = host=${hostname} port=${serverPort}
    [pgbouncer]
    listen_addr = 127.0.0.1
    listen_port = ${String(port)}
    unix_socket_dir =
    auth_type = plain
    auth_file = ${folder}/users.txt
    pool_mode = transaction
    default_pool_size = 3
    ${settings}`;
  writeFileSync(join(folder, 'pgbouncer.ini'), config.replace(/^ +/gm, ''), { mode: 0o644 });
  // It refuses to run as root, and begins as another user before it reads its files.
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const bouncer = startProcess(PGBOUNCER as string, [...user, join(folder, 'pgbouncer.ini')], { name: 'PgBouncer' });
  await bouncer.waitFor('process up');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${String(port)}`;
  return {
    url: url.href,
    async stop() {
      await bouncer.stop('SIGTERM');
      remove();
    },
  };
}
