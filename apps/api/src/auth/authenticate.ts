import type { Request, RequestHandler, Response } from 'express';
import { Problem } from '../problems/problem.js';
import { ownerDisabled } from '../owners/owner-disabled.js';
import { verifyToken, type Caller, type TokenRules } from '@tidings/auth';

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;

export interface AuthenticateParts {
  token: TokenRules;
  /** Whose requests are refused, whatever their token says. */
  isDisabled: (owner: string) => boolean;
  /** Where a ticket in the query (`?ticket=`) does instead of a token, and whose it is. */
  tickets: { path: string; redeem: (ticket: string) => Promise<Caller | null> };
}

/** Lets requests with a valid bearer token through, unless the user is disabled, which is a 403. Any other gets the same 401, which says nothing of what was wrong (RFC 6750). */
export function authenticate({ token: rules, tickets, isDisabled }: AuthenticateParts): RequestHandler {
  return async (request, response, next) => {
    const ticket = ticketOf(request, tickets.path);
    const authorizations = request.headersDistinct['authorization'] ?? [];
    const token = BEARER.exec(authorizations[0] ?? '')?.[1];
    let caller: Caller | null = null;
    // Two credentials at once may be two people, and whoever stands before us may have looked at the other one: neither counts.
    if (authorizations.length + (ticket === undefined ? 0 : 1) === 1) {
      if (ticket !== undefined) caller = stillValid(await tickets.redeem(ticket), rules);
      else if (token !== undefined) caller = await verifyToken(token, rules);
    }
    if (caller === null) {
      throw new Problem(401, 'Not authenticated', {
        detail: 'Send a valid token: "Authorization: Bearer <token>".',
        headers: { 'www-authenticate': 'Bearer' },
      });
    }
    if (isDisabled(caller.owner)) throw ownerDisabled();
    response.locals['caller'] = caller;
    next();
  };
}

function ticketOf(request: Request, path: string): string | undefined {
  const { ticket } = request.query;
  return request.method === 'GET' && request.baseUrl + request.path === path && typeof ticket === 'string' ? ticket : undefined;
}

/** The token behind a ticket may have ended, or been revoked, since the ticket was made. */
function stillValid(caller: Caller | null, { isRevoked }: TokenRules): Caller | null {
  if (caller === null || caller.expiresAt <= Date.now()) return null;
  return caller.tokenId !== undefined && isRevoked(caller.tokenId) ? null : caller;
}

/** Throws a 403 unless the caller's token has the scope. */
export function checkScope({ scopes }: Caller, scope: string): void {
  if (scopes.has(scope)) return;
  throw new Problem(403, 'Not allowed', {
    detail: `The token lacks the scope "${scope}".`,
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  });
}

/** Lets through only callers whose token has the scope; others get a 403. */
export function requireScope(scope: string): RequestHandler {
  return (_request, response, next) => {
    checkScope(callerOf(response), scope);
    next();
  };
}

/** Who makes the request that this response answers. */
export function callerOf(response: Response): Caller {
  return response.locals['caller'] as Caller;
}
