import { request as httpRequest, type Agent, type ClientRequestArgs } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type SecureContext } from 'node:tls';
import type { Guard } from './guard.js';
import { raceAddresses } from './race-addresses.js';

interface TunnelOptions {
  guard: Pick<Guard, 'resolve'>;
  proxy: URL;
  secureContext: SecureContext;
}

/** The operator's proxy did not open the connection. `code` is `EPROXY`. */
class ProxyError extends Error {
  readonly code = 'EPROXY';

  constructor(reason: string) {
    super(`The proxy of EGRESS_PROXY did not open a connection: ${reason}`);
    this.name = 'ProxyError';
  }
}

/** How long the proxy may take to connect, in milliseconds. */
const CONNECT_MS = 10_000;
/** How long one address of the proxy may take, in milliseconds, until the next one is tried: Node's 250 are too few on a slow network. */
const TO_PROXY = { autoSelectFamilyAttemptTimeout: 3000 };

/**
 * Creates a `createConnection` for an agent that connects through a proxy with CONNECT (RFC 9110, 9.3.6). The name is looked
 * up and checked here, and CONNECT names the address that was checked, so that the proxy connects to no other (I6): each of the
 * host's addresses in turn, as without a proxy. TLS is
 * between this process and the host of the URL: the proxy sees only ciphertext.
 */
export function createTunnel({ guard, proxy, secureContext }: TunnelOptions): Agent['createConnection'] {
  return (options: ClientRequestArgs & { servername?: string }, callback) => {
    const host = options.host ?? '';
    const isTls = 'secureContext' in options;
    guard
      .resolve(host)
      .then((addresses) =>
        raceAddresses(addresses, (address, signal) =>
          connectThroughProxy(proxy, `${isIPv6(address) ? `[${address}]` : address}:${String(options.port)}`, signal),
        ),
      )
      .then((socket) =>
        // The certificate is that of the URL's host. Without `host` Node verifies that of an address against the proxy's name.
        isTls
          ? connectTls({ socket, secureContext, host, rejectUnauthorized: true, ...(isIP(host) ? {} : { servername: host }) })
          : socket,
      )
      .then(
        (socket) => callback?.(null, socket as never),
        (error: unknown) => callback?.(error as Error, undefined as never),
      );
    return undefined;
  };
}

function connectThroughProxy(proxy: URL, target: string, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const send = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
    const { hostname, port, username, password } = proxy;
    const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
    const request = send({
      ...TO_PROXY,
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port || (proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: target,
      agent: false,
      headers: { host: target, ...(username === '' ? {} : { 'proxy-authorization': `Basic ${credentials}` }) },
    });
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    };
    const fail = (reason: string): void => {
      end();
      request.destroy();
      reject(new ProxyError(reason));
    };
    const timer = setTimeout(() => {
      fail(`it did not answer within ${String(CONNECT_MS / 1000)} s.`);
    }, CONNECT_MS);
    const giveUp = (): void => {
      fail('another address was faster.');
    };
    signal.addEventListener('abort', giveUp);
    request.on('error', (error) => {
      fail(error.message);
    });
    request.once('response', ({ statusCode }) => {
      fail(`it answered ${String(statusCode)}.`);
    });
    request.once('connect', ({ statusCode }, socket) => {
      // The body of a refusal is for the operator, never for the owner of the webhook, so it is not read.
      if (statusCode !== 200) fail(`it answered ${String(statusCode)}.`);
      else {
        end();
        resolve(socket);
      }
    });
    request.end();
  });
}
