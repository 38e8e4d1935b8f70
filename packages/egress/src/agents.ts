import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createSecureContext, rootCertificates } from 'node:tls';
import type { Guard } from './guard.js';
import { smallReads } from './small-reads.js';
import { createTunnel } from './tunnel.js';

/** The options of {@link createAgents}. */
export interface AgentsOptions {
  guard: Guard;
  /** The HTTP proxy for all requests: `http://user:password@host:port`, or `https:`. Default: none. */
  proxy?: URL | undefined;
  /** Certificates of authorities to trust in addition to the well-known ones, in PEM. Default: none. */
  ca?: string | undefined;
}

/** HTTP agents for requests to receivers: the guard checks every socket, which is then kept for the next request to the origin. */
export interface Agents {
  http: HttpAgent;
  https: HttpsAgent;
  /** Closes all sockets. */
  close: () => void;
}

type Connect = HttpAgent['createConnection'];

/** A kept socket is closed when it is idle for this long, in milliseconds. */
const IDLE_MS = 10_000;

/**
 * Creates the agents for `http:` and `https:`. Certificates are always verified, even with NODE_TLS_REJECT_UNAUTHORIZED=0, and
 * the minimum is TLS 1.2. The TLS context is shared by all sockets, because making it from a list of authorities takes
 * milliseconds.
 */
export function createAgents({ guard, proxy, ca }: AgentsOptions): Agents {
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
  });
  const keepAliveOptions: AgentOptions = { keepAlive: true, timeout: IDLE_MS, scheduling: 'lifo' };
  const http = new HttpAgent(keepAliveOptions);
  const https = new HttpsAgent({ ...keepAliveOptions, secureContext, rejectUnauthorized: true });
  for (const agent of [http, https]) {
    const direct = agent.createConnection.bind(agent);
    agent.createConnection = proxy === undefined ? guarded(direct, guard) : createTunnel({ guard, proxy, secureContext });
  }
  return {
    http,
    https,
    close() {
      http.destroy();
      https.destroy();
    },
  };
}

/** Checks names in the look-up of the socket, and literal addresses before: sockets do not look them up. */
function guarded(connect: Connect, { checkLiteral, lookup }: Guard): Connect {
  return (options: ClientRequestArgs, callback) => {
    const blocked = checkLiteral(options.host ?? '');
    if (blocked === null) return connect({ ...options, lookup, onread: smallReads() } as ClientRequestArgs, callback);
    process.nextTick(() => callback?.(blocked, undefined as never));
    return undefined;
  };
}
