import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createSecureContext, rootCertificates } from 'node:tls';
import { connectGuarded } from './connect.js';
import type { Guard } from './guard.js';
import { createTunnel } from './tunnel.js';

/** The options of {@link createAgents}. */
export interface AgentsOptions {
  guard: Guard;
  /** The HTTP proxy for all requests: `http://user:password@host:port`, or `https:`. Default: none. */
  proxy?: URL | undefined;
  /** Certificates of authorities to trust in addition to the well-known ones, in PEM. Default: none. */
  ca?: string | undefined;
}

/** An agent for each scheme of a URL. */
export interface SchemeAgents {
  http: HttpAgent;
  https: HttpsAgent;
}

/** HTTP agents for requests to receivers: the guard checks every socket, which is then kept for the next request to the origin. */
export interface Agents extends SchemeAgents {
  /** Agents with a new socket for each request, which is closed afterwards. */
  fresh: SchemeAgents;
  /** Closes all sockets. */
  close: () => void;
}

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
  const create = (options: AgentOptions): SchemeAgents => {
    const agents = {
      http: new HttpAgent(options),
      https: new HttpsAgent({ ...options, secureContext, rejectUnauthorized: true }),
    };
    for (const agent of [agents.http, agents.https]) {
      const direct = agent.createConnection.bind(agent);
      agent.createConnection =
        proxy === undefined ? connectGuarded(direct, guard) : createTunnel({ guard, proxy, secureContext });
    }
    return agents;
  };
  const { http, https } = create({ keepAlive: true, timeout: IDLE_MS, scheduling: 'lifo' });
  const fresh = create({ keepAlive: false });
  return {
    http,
    https,
    fresh,
    close() {
      for (const agent of [http, https, fresh.http, fresh.https]) agent.destroy();
    },
  };
}
