import { Router, type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import type { RedisClient } from '@tidings/queue';
import { callerOf } from '../auth/authenticate.js';
import { Problem } from '../problems/problem.js';
import { longestOver, refusal, tellLimits } from './answer.js';
import { clientNetwork } from './client-network.js';
import { createLimit, type Count, type Limit } from './limit.js';

/** How many requests a minute; 0: no limit. */
export interface RequestLimits {
  /** By one user. */
  perOwner: number;
  /** From one address, whoever makes them; of IPv6, from one /64. */
  perIp: number;
  /** From one address, that are answered with a 401. */
  authFailures: number;
  /** `POST /api/events` by one caller who may publish. It counts for no other limit. */
  publish: number;
  /** By one user, of those that cost much: registering, testing, replaying, rotating a secret. They count as others do, too. */
  costly: number;
}

/** What `createApp` puts before and behind the routes of `/api`. */
export interface Limits {
  /** Before authentication: refuses an address that is known to be over its limit. */
  refuse: RequestHandler;
  /** After authentication: counts the request, and refuses it when it is over a limit. */
  count: RequestHandler;
  /** For errors: counts a failed authentication, and answers with a 429 instead when there were too many. */
  countFailure: ErrorRequestHandler;
}

interface LimitsOptions {
  /** A connection for `limits`, which does not keep its caller waiting. */
  redis: RedisClient;
  prefix: string;
  perMinute: RequestLimits;
  /** What an operator decided of a user; null: as `perMinute.perOwner` says. Default: nothing. */
  ofOwner?: (owner: string) => number | null;
}

const PUBLISH = '/events';
const COSTLY = ['/webhooks', '/webhooks/:id/test', '/webhooks/:id/replay', '/webhooks/:id/rotate-secret'];

/**
 * Limits on requests. The counts of a request are taken together, after its authentication, in one round trip to Redis,
 * which is what they cost (docs/performance.md); whoever is over their limit is refused without any. An address is
 * refused before authentication, except for publishing: services are not to be held up by what else comes from theirs.
 */
export function createLimits({ redis, prefix, perMinute, ofOwner = () => null }: LimitsOptions): Limits {
  const limit = (name: string, count: number): Limit | null =>
    count === 0 ? null : createLimit({ redis, prefix, name, perMinute: count });
  const ip = limit('ip', perMinute.perIp);
  const general = limit('owner', perMinute.perOwner);
  // One for each number that was decided on; they count by the same keys.
  const decided = new Map<number, Limit | null>();
  const costly = limit('costly', perMinute.costly);
  const publish = limit('publish', perMinute.publish);
  const failures = limit('auth-failures', perMinute.authFailures);

  const countAll = (counted: readonly [Limit | null, caller: string][]): Promise<Count[]> =>
    Promise.all(counted.flatMap(([counter, caller]) => counter?.count(caller) ?? []));
  const admit = async (response: Response, counted: readonly [Limit | null, caller: string][]): Promise<void> => {
    const counts = await countAll(counted);
    tellLimits(response, counts);
    const over = longestOver(counts);
    if (over) throw refusal(over);
  };

  const refuse = Router();
  refuse.post(PUBLISH, (_request, _response, next) => {
    next('router');
  });
  refuse.use((request, response, next) => {
    const known = ip?.over(clientNetwork(request.ip));
    if (known) {
      tellLimits(response, [known]);
      throw refusal(known);
    }
    next();
  });

  const limitOf = (owner: string): Limit | null => {
    const own = ofOwner(owner);
    if (own === null) return general;
    const known = decided.get(own) ?? limit('owner', own);
    decided.set(own, known);
    return known;
  };
  const usual = (request: Request, response: Response): [Limit | null, string][] => [
    [limitOf(callerOf(response).owner), callerOf(response).owner],
    [ip, clientNetwork(request.ip)],
  ];
  const count = Router();
  count.post(PUBLISH, async (_request, response, next) => {
    const { owner, scopes } = callerOf(response);
    if (!scopes.has('events:publish')) {
      next();
      return;
    }
    await admit(response, [[publish, owner]]);
    next('router');
  });
  count.post(COSTLY, async (request, response, next) => {
    await admit(response, [[costly, callerOf(response).owner], ...usual(request, response)]);
    next('router');
  });
  count.use(async (request, response, next) => {
    await admit(response, usual(request, response));
    next();
  });

  const countFailure: ErrorRequestHandler = async (error: unknown, request, _response, next) => {
    if (!(error instanceof Problem) || error.status !== 401) {
      next(error);
      return;
    }
    const network = clientNetwork(request.ip);
    const counts = await countAll([
      [failures, network],
      [ip, network],
    ]);
    const over = longestOver(counts);
    next(over ? refusal(over) : error);
  };

  return { refuse, count, countFailure };
}
