import type pg from 'pg';
import type { TlsParameters } from './database-url.js';
import { SessionError } from './session-error.js';
import { offersTls } from './tls.js';

/** The parts of the driver's client that its types leave out. */
interface Internals {
  connection: NodeJS.EventEmitter & { ssl: unknown; stream: { destroy: (error?: Error) => void } };
  ssl: unknown;
  host: string;
  port: number;
  _connectionTimeoutMillis: number;
}

/**
 * Does for a client that is about to connect what the driver does not do: `sslmode=prefer` and `channel_binding=require`. Returns a
 * function that throws a {@link SessionError} when the connection was refused: a server that asks for no password lets the driver
 * connect before it notices that.
 */
export async function prepareTls(client: pg.Client, { mode, channelBinding }: TlsParameters): Promise<() => void> {
  const internals = client as unknown as Internals;
  if (mode === 'prefer' && !(await offersTls(internals, internals._connectionTimeoutMillis))) {
    internals.ssl = false;
    internals.connection.ssl = false;
  }
  return channelBinding === 'require' ? requireChannelBinding(internals) : () => undefined;
}

/** Ends the connection when the server asks for a proof of the password that is not bound to the TLS connection, or for none. */
function requireChannelBinding({ connection }: Internals): () => void {
  let isBound = false;
  let refusal: SessionError | undefined;
  const refuse = (): void => {
    if (isBound) return;
    refusal = new SessionError('PostgreSQL offers no channel binding, which channel_binding=require asks for.', true);
    connection.stream.destroy(refusal);
  };
  connection.on('authenticationSASL', ({ mechanisms }: { mechanisms: string[] }) => {
    isBound = mechanisms.includes('SCRAM-SHA-256-PLUS');
    refuse();
  });
  for (const event of ['authenticationCleartextPassword', 'authenticationMD5Password', 'authenticationOk']) {
    connection.on(event, refuse);
  }
  return () => {
    if (refusal !== undefined) throw refusal;
  };
}
