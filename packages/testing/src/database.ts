import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { serviceUrl } from './service-url.js';

export interface TestDatabase {
  url: string;
  /**
   * A connection of the test's own, which `drop` closes.
   *
   * @param url by another way, such as a gate; default: straight
   */
  connect: (url?: string) => Promise<pg.Client>;
  /** Drops the database, connections and all. */
  drop: () => Promise<void>;
}

/**
 * A database of this test file's own.
 *
 * @param template `migrated`, a copy of the one that `npm test` migrated, or `empty`
 */
export async function createTestDatabase(template: 'migrated' | 'empty' = 'migrated'): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = new URL(serviceUrl('TEST_DATABASE_URL'));
  const source = template === 'empty' ? 'template0' : url.pathname.slice(1);
  await execute(`CREATE DATABASE ${name} TEMPLATE ${source} STRATEGY FILE_COPY`);
  url.pathname = `/${name}`;
  const clients: pg.Client[] = [];
  return {
    url: url.href,
    async connect(connectionString = url.href) {
      const client = new pg.Client({ connectionString });
      // A connection may break on purpose.
      client.on('error', () => undefined);
      clients.push(client);
      await client.connect();
      return client;
    },
    async drop() {
      await Promise.all(clients.map((client) => client.end()));
      await execute(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

async function execute(statement: string): Promise<void> {
  const url = new URL(serviceUrl('TEST_DATABASE_URL'));
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
