import type { Request, RequestHandler, Response } from 'express';
import { Problem } from '../problems/problem.js';
import { ownerDisabled } from '../owners/owner-disabled.js';
import { isTokenRevoked, verifyToken, type Caller, type TokenRules } from '@tidings/auth';
import type { FieldError } from '@tidings/events';
import { mayPublish, mayPublishAny, PUBLISH } from './publish-scopes.js';
import type { RefusalReason } from './refusal-log.js';

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;

/** The parts of {@link authenticate}. */
export interface AuthenticateParts {
  token: TokenRules;
  /** Whether an operator disabled the owner. Requests of a disabled owner are refused, also with a valid token. */
  isDisabled: (owner: string) => boolean;
  /** The path that accepts a ticket in the query (`?ticket=`) instead of a token, and the function that redeems the ticket. */
  tickets: { path: string; redeem: (ticket: string) => Promise<Caller | null> };
  /** Called with the reason for each request that is not authenticated. */
  onRefused: (reason: RefusalReason) => void;
}

/**
 * Authenticates a request by its bearer token or its ticket; `callerOf` then returns the caller. A request of a disabled owner
 * gets a 403. Every other request gets the same 401, which does not say what was wrong (RFC 6750).
 */
export function authenticate({ token: rules, tickets, isDisabled, onRefused }: AuthenticateParts): RequestHandler {
  const refuse = (response: Response, reason: RefusalReason): never => {
    response.locals['refusal'] = reason;
    onRefused(reason);
    throw new Problem(401, 'Not authenticated', {
      detail: 'Send a valid token: "Authorization: Bearer <token>".',
      headers: { 'www-authenticate': 'Bearer' },
    });
  };
  return async (request, response, next) => {
    const ticket = ticketOf(request, tickets.path);
    const authorizations = request.headersDistinct['authorization'] ?? [];
    const token = BEARER.exec(authorizations[0] ?? '')?.[1];
    let caller: Caller | null = null;
    let reason: RefusalReason = 'no_token';
    // Two credentials may belong to two callers, and a proxy may have checked the other one: with two, neither is accepted.
    if (authorizations.length + (ticket === undefined ? 0 : 1) > 1) reason = 'two_credentials';
    else if (ticket !== undefined) {
      caller = validCaller(await tickets.redeem(ticket), rules);
      reason = 'ticket';
    } else if (token !== undefined) {
      const verdict = await verifyToken(token, rules);
      if (verdict.caller === null) reason = verdict.fault;
      else ({ caller } = verdict);
    } else if (authorizations.length > 0) reason = 'malformed';
    if (caller === null) return refuse(response, reason);
    const known = caller;
    const check = (): void => {
      if (known.expiresAt <= Date.now()) refuse(response, 'expired');
      if (isTokenRevoked(known, rules)) refuse(response, 'revoked');
      if (isDisabled(known.owner)) throw ownerDisabled();
    };
    check();
    response.locals['caller'] = known;
    response.locals['checkCaller'] = check;
    next();
  };
}

function ticketOf(request: Request, path: string): string | undefined {
  // Other routes read the query themselves, and throw a 400 for one that is not UTF-8.
  if (request.method !== 'GET' || request.baseUrl + request.path !== path) return undefined;
  const { ticket } = request.query;
  return typeof ticket === 'string' ? ticket : undefined;
}

/** Returns null if the token with which the ticket was requested has expired or was revoked since then. */
function validCaller(caller: Caller | null, rules: TokenRules): Caller | null {
  if (caller === null || caller.expiresAt <= Date.now()) return null;
  return isTokenRevoked(caller, rules) ? null : caller;
}

/** The scope that allows to write event types; `admin` does, too. */
export const WRITE_TYPES = 'event-types:write';

/** Throws a 403 `Problem` if the caller's token lacks the scope; of publishing, a scope for some types is enough to go on. */
export function checkScope({ scopes }: Caller, scope: string): void {
  if (scopes.has(scope) || (scope === PUBLISH && mayPublishAny(scopes))) return;
  if (scope === WRITE_TYPES && scopes.has('admin')) return;
  throw lacksScope(scope, `The token lacks the scope "${scope}".`);
}

/** Throws a 403 `Problem` that names each event whose type no scope of the caller's token covers. */
export function checkPublishedTypes({ scopes }: Caller, types: readonly string[], list: string | undefined): void {
  // Once for each type: a token may have thousands of scopes, and a batch has a thousand events.
  const missing = [...new Set(types)].filter((type) => !mayPublish(scopes, type));
  if (missing.length === 0) return;
  const errors = types.flatMap((type, index) =>
    missing.includes(type)
      ? [
          {
            field: list === undefined ? 'type' : `${list}[${String(index)}].type`,
            message: `no scope of the token covers "${type}"`,
          },
        ]
      : [],
  );
  throw lacksScope(
    missing.map((type) => `${PUBLISH}:${type}`).join(' '),
    `The token may not publish ${missing.join(', ')}. Nothing was accepted. Let the issuer add "${PUBLISH}" for all types, or "${PUBLISH}:" and a pattern.`,
    errors,
  );
}

function lacksScope(scope: string, detail: string, errors?: readonly FieldError[]): Problem {
  return new Problem(403, 'Not allowed', {
    detail,
    ...(errors && { errors }),
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  });
}

/** Refuses a request with a 403 if the caller's token lacks the scope. */
export function requireScope(scope: string): RequestHandler {
  return (_request, response, next) => {
    checkScope(callerOf(response), scope);
    next();
  };
}

/**
 * Refuses the request as `authenticate` does if its token has ended or was revoked, or its owner disabled, since then: a body may
 * arrive half a minute after its headers, and a request waits for its turn.
 */
export function checkCaller(response: Response): void {
  (response.locals['checkCaller'] as () => void)();
}

/** The caller of the request, as `authenticate` stored it on the response. */
export function callerOf(response: Response): Caller {
  return response.locals['caller'] as Caller;
}
