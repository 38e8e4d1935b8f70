import { request as httpRequest, type Agent, type ClientRequestArgs } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type SecureContext } from 'node:tls';
import type { Guard } from './guard.js';

interface TunnelOptions {
  guard: Pick<Guard, 'resolve'>;
  proxy: URL;
  secureContext: SecureContext;
}

/** The operator's proxy did not make the connection. `code` is `EPROXY`. */
class ProxyError extends Error {
  readonly code = 'EPROXY';

  constructor(reason: string) {
    super(`The proxy of EGRESS_PROXY made no connection: ${reason}`);
    this.name = 'ProxyError';
  }
}

/** What a proxy has not connected by then it never will; in milliseconds. */
const CONNECT_MS = 10_000;

/**
 * Connects through a proxy (RFC 9110, 9.3.6). The name is looked up and checked here, and the proxy is asked for the address
 * that was checked, so that it dials no other (I6). TLS is ours, to the name of the URL: the proxy sees ciphertext.
 */
export function createTunnel({ guard, proxy, secureContext }: TunnelOptions): Agent['createConnection'] {
  return (options: ClientRequestArgs & { servername?: string }, callback) => {
    const host = options.host ?? '';
    const secure = 'secureContext' in options;
    guard
      .resolve(host)
      .then((address) => throughProxy(proxy, `${isIPv6(address) ? `[${address}]` : address}:${String(options.port)}`))
      .then((socket) =>
        secure
          ? connectTls({ socket, secureContext, rejectUnauthorized: true, ...(isIP(host) ? {} : { servername: host }) })
          : socket,
      )
      .then(
        (socket) => callback?.(null, socket as never),
        (error: unknown) => callback?.(error as Error, undefined as never),
      );
    return undefined;
  };
}

function throughProxy(proxy: URL, target: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const send = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
    const { hostname, port, username, password } = proxy;
    const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
    const request = send({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port || (proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: target,
      agent: false,
      headers: { host: target, ...(username === '' ? {} : { 'proxy-authorization': `Basic ${credentials}` }) },
    });
    const fail = (reason: string): void => {
      clearTimeout(timer);
      request.destroy();
      reject(new ProxyError(reason));
    };
    const timer = setTimeout(() => {
      fail('it did not answer in time.');
    }, CONNECT_MS);
    request.on('error', (error) => {
      fail(error.message);
    });
    request.once('response', ({ statusCode }) => {
      fail(`it answered ${String(statusCode)}.`);
    });
    request.once('connect', ({ statusCode }, socket) => {
      // What it has to say of its refusal is for the operator, never for the owner of the webhook.
      if (statusCode !== 200) fail(`it answered ${String(statusCode)}.`);
      else {
        clearTimeout(timer);
        resolve(socket);
      }
    });
    request.end();
  });
}
