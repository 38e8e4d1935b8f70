import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import {
  checkServerIdentity,
  createSecureContext,
  type ConnectionOptions,
  type PeerCertificate,
  type SecureContextOptions,
} from 'node:tls';
import type { TlsParameters } from './database-url.js';

/**
 * Returns the driver's `ssl` for these parameters, with libpq's meanings, which differ from the driver's own: `require` checks
 * no certificate unless there is `sslrootcert`; `verify-ca` checks the authority, and `verify-full` also the host's name. Reads
 * the files that they name, and throws an `Error` with the parameter of one that cannot be read.
 */
export function tlsOptions(tls: TlsParameters, host: string): ConnectionOptions | false {
  const { mode, rootCertificate, certificate, key, passphrase } = tls;
  if (mode === 'disable') return false;
  const authority = rootCertificate === undefined || rootCertificate === 'system' ? undefined : rootCertificate;
  const isVerified = mode === 'verify-ca' || mode === 'verify-full' || (mode === 'require' && authority !== undefined);
  const ca = authority === undefined ? {} : { ca: read('sslrootcert', authority) };
  const client = {
    ...(certificate === undefined ? {} : { cert: read('sslcert', certificate) }),
    ...(key === undefined ? {} : { key: read('sslkey', key) }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
  check(`sslrootcert=${authority ?? ''}`, ca);
  check(`sslcert=${certificate ?? ''} and sslkey=${key ?? ''}`, client);
  return {
    ...ca,
    ...client,
    rejectUnauthorized: isVerified,
    // `verify-ca` and `require` accept any name. An address is compared with the certificate's addresses.
    checkServerIdentity: (_: string, peer: PeerCertificate) =>
      mode === 'verify-full' ? checkServerIdentity(host, peer) : undefined,
  };
}

/** Throws when OpenSSL cannot use the content of the files: a key that needs a passphrase or is that of another certificate, a file that is not PEM. */
function check(parameters: string, options: SecureContextOptions): void {
  try {
    createSecureContext(options);
  } catch (error) {
    const reason = (error as Error).message.replace(/^error:[^:]*:/, '');
    throw new Error(`has ${parameters}, which cannot be used (${reason}): check the files, and sslpassword`, { cause: error });
  }
}

function read(parameter: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`has ${parameter}=${path}, which cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`, {
      cause: error,
    });
  }
}

/** PostgreSQL's SSLRequest: its length and its code. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/**
 * Asks a PostgreSQL server whether it offers TLS, on a connection of its own: `sslmode=prefer` uses TLS only where it does.
 *
 * @param timeoutMs time limit in milliseconds; 0: none
 */
export function offersTls({ host, port }: { host: string; port: number }, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = host.startsWith('/') ? undefined : connect({ host, port });
    // A Unix socket needs no TLS, and PostgreSQL offers none there.
    if (socket === undefined) {
      resolve(false);
      return;
    }
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('timeout expired')));
    socket.once('connect', () => socket.write(SSL_REQUEST));
    socket.once('error', reject);
    socket.once('close', () => {
      reject(new Error('Connection terminated unexpectedly'));
    });
    socket.once('data', (answer) => {
      resolve(answer[0] === 'S'.charCodeAt(0));
      socket.destroy();
    });
  });
}
