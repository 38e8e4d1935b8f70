import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { DECOY, isHostile, NEUTRAL_OPTIONS, neutralise, setHostileDefaults } from './hostile-defaults.js';
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
 * @param kind `migrated` copies the database that `npm test` migrated; `empty` has no tables
 */
export async function createTestDatabase(kind: 'migrated' | 'empty' = 'migrated'): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = new URL(serviceUrl('TEST_DATABASE_URL'));
  const source = kind === 'empty' ? 'template0' : template();
  await execute((version) => `CREATE DATABASE ${name} TEMPLATE ${source} ${version < 15 ? '' : 'STRATEGY FILE_COPY'}`);
  url.pathname = `/${name}`;
  if (isHostile) await makeHostile(name);
  const clients: pg.Client[] = [];
  return {
    url: url.href,
    async connect(connectionString = url.href) {
      const client = new pg.Client({ ...NEUTRAL_OPTIONS, connectionString });
      // A test may break the connection on purpose; without a listener that would end the process.
      client.on('error', () => undefined);
      clients.push(client);
      await client.connect();
      await neutralise(client);
      return client;
    },
    async drop() {
      await Promise.all(clients.map((client) => client.end()));
      await execute(() => `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/**
 * Gives a database hostile defaults.
 *
 * @param name default: the database that tests copy
 */
export async function makeHostile(name = template()): Promise<void> {
  await connected('postgres', (client) => setHostileDefaults(client, { database: name }));
}

/** Adds objects to which the hostile search path leads to the database that tests copy. */
export async function addDecoy(): Promise<void> {
  await connected(template(), (client) => client.query(DECOY));
}

const template = () => new URL(serviceUrl('TEST_DATABASE_URL')).pathname.slice(1);

/** Executes a statement that depends on PostgreSQL's major version. */
async function execute(statement: (version: number) => string): Promise<void> {
  await connected('postgres', async (client) => {
    const { rows } = await client.query<{ version: number }>(
      "SELECT current_setting('server_version_num')::int / 10000 AS version",
    );
    await client.query(statement(rows[0]?.version ?? 0));
  });
}

async function connected(database: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const url = new URL(serviceUrl('TEST_DATABASE_URL'));
  url.pathname = `/${database}`;
  const client = new pg.Client({ ...NEUTRAL_OPTIONS, connectionString: url.href });
  await client.connect();
  try {
    await neutralise(client);
    await work(client);
  } finally {
    await client.end();
  }
}
