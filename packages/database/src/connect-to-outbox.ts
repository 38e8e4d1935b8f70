import pg from 'pg';

const CONNECT_TIMEOUT_MS = 5000;
/** More than PostgreSQL's own limit for a statement of the relay. */
const ANSWER_TIMEOUT_MS = 12_000;

/**
 * Connects a relay to the database of a service that has an outbox. The connection sets no startup options, which PgBouncer
 * would refuse, and none of the planner settings of Tidings' own sessions. Throws when PostgreSQL refuses the connection or
 * does not answer within five seconds.
 */
export async function connectToOutbox(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'tidings outbox relay',
  });
  try {
    await client.connect();
  } catch (error) {
    // A half-open connection would keep its socket.
    void client.end().catch(() => undefined);
    throw error;
  }
  return client;
}
