import pg from 'pg';

const CONNECT_TIMEOUT_MS = 5000;
/** Longer than PostgreSQL itself may take for a statement of the relay. */
const ANSWER_TIMEOUT_MS = 12_000;

/**
 * A connection to the database of a service that has an outbox, for a relay. It says nothing with the connection that
 * PgBouncer would refuse, and nothing of how Tidings' own statements are planned. Throws when PostgreSQL does not let it
 * in, or does not answer within five seconds.
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
