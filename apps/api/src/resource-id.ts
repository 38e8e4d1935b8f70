import type { RequestParamHandler } from 'express';
import { notFound } from './problems/problem.js';

const RESOURCE_ID = /^[a-z]{2,3}_[0-9a-f-]{36}$/;

/**
 * For `router.param`: an id that can't be one of ours is a 404 like any that does not exist, before the database is
 * asked: PostgreSQL refuses texts with a NUL.
 */
export function onlyIdsOf(what: string): RequestParamHandler {
  return (_request, _response, next, id: string) => {
    if (!RESOURCE_ID.test(id)) throw notFound(what, id);
    next();
  };
}
