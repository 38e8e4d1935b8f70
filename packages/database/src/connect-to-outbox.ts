import pg from 'pg';
import { parseDatabaseUrl } from './connection/database-url.js';
import { prepareTls } from './connection/prepare-tls.js';
import { tlsOptions } from './connection/tls.js';

const CONNECT_TIMEOUT_MS = 5000;
/** More than PostgreSQL's own limit for a statement of the relay. */
const ANSWER_TIMEOUT_MS = 12_000;

/** The connection of a relay. Behind a transaction pooler it has no `on`: nothing is heard there, and the relay polls. */
type OutboxClient = Pick<pg.Client, 'query' | 'end'> & Partial<Pick<pg.Client, 'on'>>;

/**
 * Connects a relay to the database of a service that has an outbox. The connection sets no startup options, which PgBouncer
 * would refuse, and none of the settings of Tidings' own sessions: the relay sets in each transaction what its statements rely
 * on. Throws when PostgreSQL refuses the connection or does not answer within five seconds.
 */
export async function connectToOutbox(url: string): Promise<OutboxClient> {
  const { user, password, host, port, database, tls, options, hasPooler, applicationName } = parseDatabaseUrl(url);
  const client = new pg.Client({
    user,
    password,
    host,
    port,
    database,
    options: options.join(' '),
    ssl: tlsOptions(tls, host ?? 'localhost'),
    enableChannelBinding: tls.channelBinding !== 'disable',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
    application_name: `${applicationName ?? 'tidings'} outbox relay`,
  });
  try {
    await prepareTls(client, tls);
    await client.connect();
  } catch (error) {
    // A half-open connection would keep its socket.
    void client.end().catch(() => undefined);
    throw error;
  }
  if (!hasPooler) return client;
  // The next statement gets the error; without a listener it would end the process.
  client.on('error', () => undefined);
  return { query: client.query.bind(client), end: client.end.bind(client) };
}
