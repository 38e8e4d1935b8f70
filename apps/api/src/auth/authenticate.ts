import type { RequestHandler, Response } from 'express';
import { Problem } from '../problems/problem.js';
import { verifyToken, type Caller, type TokenRules } from './verify-token.js';

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;

/** Lets requests with a valid bearer token through. Any other gets the same 401, which says nothing of what was wrong (RFC 6750). */
export function authenticate(rules: TokenRules): RequestHandler {
  return (request, response, next) => {
    const token = BEARER.exec(request.get('authorization') ?? '')?.[1];
    const caller = token === undefined ? null : verifyToken(token, rules);
    if (caller === null) {
      throw new Problem(401, 'Not authenticated', {
        detail: 'Send a valid token: "Authorization: Bearer <token>".',
        headers: { 'www-authenticate': 'Bearer' },
      });
    }
    response.locals['caller'] = caller;
    next();
  };
}

/** Lets through only callers whose token has the scope; others get a 403. */
export function requireScope(scope: string): RequestHandler {
  return (_request, response, next) => {
    if (!callerOf(response).scopes.has(scope)) {
      throw new Problem(403, 'Not allowed', {
        detail: `The token lacks the scope "${scope}".`,
        headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
      });
    }
    next();
  };
}

/** Who makes the request that this response answers. */
export function callerOf(response: Response): Caller {
  return response.locals['caller'] as Caller;
}
