import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { serviceUrl } from './service-url.js';

/** A PostgreSQL database that only one test file uses. */
export interface TestDatabase {
  url: string;
  /**
   * Opens a connection, which `drop` closes.
   *
   * @param url another address of this database, such as that of a fault proxy; default: the database's own
   */
  connect: (url?: string) => Promise<pg.Client>;
  /** Ends all connections and drops the database. */
  drop: () => Promise<void>;
}

/**
 * Creates a database with a random name for one test file.
 *
 * @param template `migrated` copies the database that `npm test` migrated; `empty` has no tables
 */
export async function createTestDatabase(template: 'migrated' | 'empty' = 'migrated'): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = new URL(serviceUrl('TEST_DATABASE_URL'));
  const source = template === 'empty' ? 'template0' : url.pathname.slice(1);
  await execute((version) => `CREATE DATABASE ${name} TEMPLATE ${source} ${version < 15 ? '' : 'STRATEGY FILE_COPY'}`);
  url.pathname = `/${name}`;
  const clients: pg.Client[] = [];
  return {
    url: url.href,
    async connect(connectionString = url.href) {
      const client = new pg.Client({ connectionString });
      // A test may break the connection on purpose; without a listener that would end the process.
      client.on('error', () => undefined);
      clients.push(client);
      await client.connect();
      return client;
    },
    async drop() {
      await Promise.all(clients.map((client) => client.end()));
      await execute(() => `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** Executes a statement that depends on PostgreSQL's major version. */
async function execute(statement: (version: number) => string): Promise<void> {
  const url = new URL(serviceUrl('TEST_DATABASE_URL'));
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: number }>(
      "SELECT current_setting('server_version_num')::int / 10000 AS version",
    );
    await client.query(statement(rows[0]?.version ?? 0));
  } finally {
    await client.end();
  }
}
