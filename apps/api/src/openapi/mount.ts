import type { Express, Request, RequestHandler } from 'express';
import { USER_ID } from '@tidings/events';
import { callerOf, requireScope } from '../auth/authenticate.js';
import { jsonBodies } from '../http/json-body.js';
import { notFound } from '../problems/problem.js';
import { readBody, readQuery } from '../http/read-input.js';
import type { AnyCall, Route, RouteDescription } from './route.js';

const RESOURCE_ID = /^[a-z]{2,3}_[0-9a-f-]{36}$/;

/**
 * Serves the routes. Who calls has to be known already where a route is not public: see `authenticate`. A body is read
 * only where one is expected, and of those who may send it.
 */
export function mount(app: Express, routes: readonly Route[]): void {
  for (const route of routes) {
    const scopes = typeof route.access === 'object' ? [requireScope(route.access.scope)] : [];
    const body = route.body ? jsonBodies : [];
    app[route.method](expressPath(route), remember(route), ...scopes, ...body, answer(route));
  }
  for (const path of new Set(routes.map(expressPath)))
    app.options(path, tellMethods(routes.filter((route) => expressPath(route) === path)));
}

const expressPath = ({ path }: Route): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

/** For whoever counts requests, such as the metrics: which route it was. */
function remember({ path }: Route): RequestHandler {
  return (_request, response, next) => {
    (response.locals as { pattern?: string }).pattern = path;
    next();
  };
}

/** What may be done with a resource (RFC 9110, section 9.3.7). A GET is a HEAD as well. */
function tellMethods(routes: readonly Route[]): RequestHandler {
  const methods = routes.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  const allow = [...methods, 'OPTIONS'].join(', ');
  return (_request, response) => {
    response.set('allow', allow).status(204).end();
  };
}

function answer({ handle, ...description }: Route): RequestHandler {
  return async (request, response) => {
    const call: AnyCall = {
      request,
      caller: description.access === 'public' ? null : callerOf(response),
      params: readParams(request, description),
      query: description.query && readQuery(request, description.query),
      body: description.body && readBody(request, description.body.schema),
    };
    await handle(call, response);
  };
}

/** An id that cannot be one of ours is not asked of the database: PostgreSQL refuses texts with a NUL. */
function readParams(request: Request, { params = {} }: RouteDescription): Record<string, string> {
  for (const [name, what] of Object.entries(params)) {
    const id = String(request.params[name]);
    if (!(what === 'owner' ? USER_ID : RESOURCE_ID).test(id)) throw notFound(what, id);
  }
  return request.params as Record<string, string>;
}
