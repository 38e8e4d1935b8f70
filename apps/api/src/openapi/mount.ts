import type { Express, Request, RequestHandler } from 'express';
import { LOGGED_EVENT_ID, OWNER_ID } from '@tidings/events';
import { callerOf, requireScope } from '../auth/authenticate.js';
import { jsonBodies } from '../http/json-body.js';
import { notFound } from '../problems/problem.js';
import { readBody, readQuery } from '../http/read-input.js';
import type { AnyCall, Route, RouteDescription } from './route.js';

const RESOURCE_ID = /^[a-z]{2,3}_[0-9a-f-]{36}$/;
/** The forms of ids that Tidings does not make, by the resource. */
const OTHER_IDS: Readonly<Record<string, RegExp>> = { owner: OWNER_ID, event: LOGGED_EVENT_ID };

/**
 * Adds the routes to the app. Routes that are not public need `authenticate` in front of them. The body is read only if
 * the route has one, and only after the scope is checked. Paths without an id come first: `/api/events/stream` is no event's.
 */
export function mount(app: Express, routes: readonly Route[]): void {
  const inOrder = routes.toSorted((one, other) => Number(hasId(one)) - Number(hasId(other)));
  for (const route of inOrder) {
    const scopes = typeof route.access === 'object' ? [requireScope(route.access.scope)] : [];
    const body = route.body ? jsonBodies : [];
    app[route.method](expressPath(route), rememberPattern(route), ...scopes, ...body, createHandler(route));
  }
  for (const path of new Set(inOrder.map(expressPath)))
    app.options(path, answerOptions(routes.filter((route) => expressPath(route) === path)));
}

const hasId = ({ path }: Route): boolean => path.includes('{');
const expressPath = ({ path }: Route): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

/** Stores the route's pattern, by which the metrics count requests. */
function rememberPattern({ path }: Route): RequestHandler {
  return (_request, response, next) => {
    (response.locals as { pattern?: string }).pattern = path;
    next();
  };
}

/** Answers OPTIONS with the methods of a path (RFC 9110, section 9.3.7). Express answers HEAD wherever there is a GET. */
function answerOptions(routes: readonly Route[]): RequestHandler {
  const methods = routes.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  const allow = [...methods, 'OPTIONS'].join(', ');
  return (_request, response) => {
    response.set('allow', allow).status(204).end();
  };
}

function createHandler({ handle, ...description }: Route): RequestHandler {
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

/**
 * Returns the ids in the path. Throws a 404 for an id of the wrong form, before the database is asked: PostgreSQL refuses
 * texts with NUL characters.
 */
function readParams(request: Request, { params = {} }: RouteDescription): Record<string, string> {
  for (const [name, resource] of Object.entries(params)) {
    const id = String(request.params[name]);
    if (!(OTHER_IDS[resource] ?? RESOURCE_ID).test(id)) throw notFound(resource, id);
  }
  return request.params as Record<string, string>;
}
