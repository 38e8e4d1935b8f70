import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createSecureContext, rootCertificates } from 'node:tls';
import type { Guard } from './guard.js';
import { smallReads } from './small-reads.js';
import { createTunnel } from './tunnel.js';

export interface AgentsOptions {
  guard: Guard;
  /** An HTTP proxy that every request has to leave through: `http://user:password@host:port`, or `https:`. */
  proxy?: URL | undefined;
  /** Certificates of authorities to trust besides the well-known ones, in PEM. */
  ca?: string | undefined;
}

/** The ways out: every socket passes the guard, and is kept for the next request to the same origin. */
export interface Agents {
  http: HttpAgent;
  https: HttpsAgent;
  /** Closes the sockets that are kept. */
  close: () => void;
}

type Connect = HttpAgent['createConnection'];

/** A kept socket that is not used for so long is closed, in milliseconds. */
const IDLE_MS = 10_000;

/**
 * Agents for `http:` and `https:`. Certificates are always verified, whatever NODE_TLS_REJECT_UNAUTHORIZED says, and TLS is
 * 1.2 at least. The context is made once: from a list of authorities it takes milliseconds, which would come with each socket.
 */
export function createAgents({ guard, proxy, ca }: AgentsOptions): Agents {
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
  });
  const kept: AgentOptions = { keepAlive: true, timeout: IDLE_MS, scheduling: 'lifo' };
  const http = new HttpAgent(kept);
  const https = new HttpsAgent({ ...kept, secureContext, rejectUnauthorized: true });
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

/** Names are checked in the look-up of the socket itself; an address that is written into the URL is never looked up. */
function guarded(connect: Connect, { judgeLiteral, lookup }: Guard): Connect {
  return (options: ClientRequestArgs, callback) => {
    const blocked = judgeLiteral(options.host ?? '');
    if (blocked === null) return connect({ ...options, lookup, onread: smallReads() } as ClientRequestArgs, callback);
    process.nextTick(() => callback?.(blocked, undefined as never));
    return undefined;
  };
}
