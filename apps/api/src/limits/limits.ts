import { Router, type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import { destinationOf } from '@tidings/egress';
import type { RedisClient } from '@tidings/queue';
import { callerOf } from '../auth/authenticate.js';
import { mayPublishAny } from '../auth/publish-scopes.js';
import { Problem } from '../problems/problem.js';
import { clientNetwork } from './client-network.js';
import { createLimit, type Limit, type LimitState } from './limit.js';
import { longestExceeded, addRateLimitHeaders, tooManyRequests } from './rate-limit-response.js';

/** The most requests in a minute; 0: no limit. */
export interface RequestLimits {
  /** By one owner. */
  perOwner: number;
  /** From one address, by any caller. An IPv6 address counts as its /64. */
  perIp: number;
  /** From one address, with a 401 as the response. */
  authFailures: number;
  /** `POST /api/events` by one caller with a scope that allows it. These requests consume no other limit. */
  publish: number;
  /**
   * Costly requests by one owner: registering, changing, testing or verifying a webhook, retrying a delivery, replaying,
   * rotating a secret.
   * They also consume the limits of all requests.
   */
  costly: number;
  /** Requests that a caller aims at one host (see `countDestination`), by all owners together. They also consume the limits above. */
  perHost: number;
}

/** The handlers that `createApp` adds before and after the routes of `/api`. */
export interface Limits {
  /** Counts requests outside `/api` for their address, and refuses those beyond its limit: pages, documents, unknown paths. */
  countAddress: RequestHandler;
  /** Runs before authentication. Refuses a request from an address that has exceeded its limit, as far as this process knows. */
  refuse: RequestHandler;
  /** Runs after authentication. Consumes the limits of the request, and refuses it if one is exceeded. */
  consume: RequestHandler;
  /** Handles errors. Consumes the limits for a failed authentication, and turns the 401 into a 429 if one is exceeded. */
  consumeFailure: ErrorRequestHandler;
  countDestination: CountDestination;
}

/**
 * Consumes the limit of the host of a URL that a caller aims a request at: by a test, a retry, a replay, a challenge for
 * verification, or a change that ends waits. Throws a 429 `Problem` if it is exceeded. Published events do not consume it: thousands of owners share
 * a host of Zapier or Slack.
 *
 * @param response gets the headers that say how many requests remain
 */
export type CountDestination = (response: Response, url: string) => Promise<void>;

interface LimitsOptions {
  /** A connection with the purpose `limits`, whose commands fail soon while Redis does not answer. */
  redis: RedisClient;
  prefix: string;
  perMinute: RequestLimits;
  /** Returns the limit that an operator set for an owner; null: `perMinute.perOwner`. Default: null for all. */
  limitOfOwner?: (owner: string) => number | null;
}

const PUBLISH = '/events';
const COSTLY = {
  POST: [
    '/webhooks',
    '/webhooks/:id/test',
    '/webhooks/:id/verify',
    '/webhooks/:id/replay',
    '/webhooks/:id/rotate-secret',
    '/deliveries/:id/retry',
  ],
  PATCH: ['/webhooks/:id'],
};

/**
 * Creates the request limits. All limits of a request are consumed together after its authentication, in one round trip to Redis,
 * which is their whole cost (docs/performance.md). A caller with an exceeded limit is refused without a round trip. An exceeded
 * address is refused before authentication, except for publishing: other requests from the same address must not stop a service
 * from publishing.
 */
export function createLimits({ redis, prefix, perMinute, limitOfOwner = () => null }: LimitsOptions): Limits {
  const limit = (name: string, requestsPerMinute: number): Limit | null =>
    requestsPerMinute === 0 ? null : createLimit({ redis, prefix, name, perMinute: requestsPerMinute });
  const ip = limit('ip', perMinute.perIp);
  const defaultOwnerLimit = limit('owner', perMinute.perOwner);
  // One limit for each number that operators set. All of them use the same keys in Redis.
  const ownerLimits = new Map<number, Limit | null>();
  const costly = limit('costly', perMinute.costly);
  const publish = limit('publish', perMinute.publish);
  const failures = limit('auth-failures', perMinute.authFailures);
  const host = limit('host', perMinute.perHost);

  const consumeAll = (applied: readonly [Limit | null, client: string][]): Promise<LimitState[]> =>
    Promise.all(applied.flatMap(([applicable, client]) => applicable?.consume(client) ?? []));
  const admit = async (response: Response, applied: readonly [Limit | null, client: string][]): Promise<void> => {
    const states = await consumeAll(applied);
    addRateLimitHeaders(response, states);
    const exceeded = longestExceeded(states);
    if (exceeded) throw tooManyRequests(exceeded);
  };

  const countAddress: RequestHandler = async (request, response, next) => {
    if (/^\/api(?:\/|$)/i.test(request.path)) next();
    else {
      await admit(response, [[ip, clientNetwork(request.ip)]]);
      next();
    }
  };

  const refuse = Router();
  on(refuse, 'POST', PUBLISH, (_request, _response, next) => {
    next('router');
  });
  refuse.use((request, response, next) => {
    const exceeded = ip?.exceeded(clientNetwork(request.ip));
    if (exceeded) {
      addRateLimitHeaders(response, [exceeded]);
      throw tooManyRequests(exceeded);
    }
    next();
  });

  const ownerLimit = (owner: string): Limit | null => {
    const requestsPerMinute = limitOfOwner(owner);
    if (requestsPerMinute === null) return defaultOwnerLimit;
    const known = ownerLimits.get(requestsPerMinute) ?? limit('owner', requestsPerMinute);
    ownerLimits.set(requestsPerMinute, known);
    return known;
  };
  const limitsOfAllRequests = (request: Request, response: Response): [Limit | null, string][] => [
    [ownerLimit(callerOf(response).owner), callerOf(response).owner],
    [ip, clientNetwork(request.ip)],
  ];
  const consume = Router();
  on(consume, 'POST', PUBLISH, async (_request, response, next) => {
    const { owner, scopes } = callerOf(response);
    if (!mayPublishAny(scopes)) {
      next();
      return;
    }
    await admit(response, [[publish, owner]]);
    next('router');
  });
  for (const [method, paths] of Object.entries(COSTLY)) {
    on(consume, method, paths, async (request, response, next) => {
      await admit(response, [[costly, callerOf(response).owner], ...limitsOfAllRequests(request, response)]);
      next('router');
    });
  }
  consume.use(async (request, response, next) => {
    await admit(response, limitsOfAllRequests(request, response));
    next();
  });

  const consumeFailure: ErrorRequestHandler = async (error: unknown, request, _response, next) => {
    if (!(error instanceof Problem) || error.status !== 401) {
      next(error);
      return;
    }
    const network = clientNetwork(request.ip);
    const states = await consumeAll([
      [failures, network],
      [ip, network],
    ]);
    const exceeded = longestExceeded(states);
    next(exceeded ? tooManyRequests(exceeded) : error);
  };

  const countDestination: CountDestination = (response, url) => admit(response, [[host, destinationOf(url)]]);

  return { countAddress, refuse, consume, consumeFailure, countDestination };
}

/**
 * Adds a handler of one method to a router. With `router.post`, the router itself would answer OPTIONS, and name no other method
 * of the path.
 */
function on(router: Router, method: string, path: string | string[], handle: RequestHandler): void {
  router.route(path).all((request, response, next) => {
    if (request.method !== method) next();
    else return handle(request, response, next);
  });
}
