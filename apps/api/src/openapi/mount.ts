import type { Express, Request, RequestHandler } from 'express';
import { callerOf, checkCaller, requireScope } from '../auth/authenticate.js';
import { jsonBodies, MAX_BODY } from '../http/json-body.js';
import type { EventTypes } from '@tidings/accept';
import type { TakeTurn } from '../limits/turns.js';
import { notFound, Problem } from '../problems/problem.js';
import { readBody, readQuery } from '../http/read-input.js';
import { shownPath } from '../http/shown-path.js';
import { IDS, RESOURCE_ID } from './ids.js';
import type { AnyCall, Route, RouteDescription } from './route.js';

/** What the handlers of all routes need. */
export interface MountParts {
  takeTurn: TakeTurn;
  eventTypes: Pick<EventTypes, 'current' | 'refresh'>;
}

/**
 * Adds the routes to the app. Routes that are not public need `authenticate` in front of them. The body is read only if
 * the route has one, and only after the scope is checked. Paths without an id come first: `/api/events/stream` is no event's.
 * A method that a path does not have gets a 405.
 */
export function mount(app: Express, routes: readonly Route[], parts: MountParts): void {
  const inOrder = routes.toSorted((one, other) => Number(hasId(one)) - Number(hasId(other)));
  for (const path of new Set(inOrder.map(expressPath))) {
    const routesOfPath = inOrder.filter((route) => expressPath(route) === path);
    for (const route of routesOfPath) {
      const scopes = typeof route.access === 'object' ? [requireScope(route.access.scope)] : [];
      const body = route.body ? jsonBodies(route.maxBodyBytes ?? MAX_BODY.other) : [];
      app[route.method](path, rememberPattern(route), ...scopes, ...body, createHandler(route, parts));
    }
    const allow = allowedMethods(routesOfPath);
    app.options(path, answerOptions(allow));
    app.route(path).all(refuseMethod(allow));
  }
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

/** The methods of a path, as the header `Allow` names them. Express answers HEAD wherever there is a GET. */
function allowedMethods(routes: readonly Route[]): string {
  const methods = routes.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  return [...methods, 'OPTIONS'].join(', ');
}

/** Answers OPTIONS with the methods of a path (RFC 9110, section 9.3.7). */
function answerOptions(allow: string): RequestHandler {
  return (_request, response) => {
    response.set('allow', allow).status(204).end();
  };
}

/** Refuses a method that the path does not have (RFC 9110, section 15.5.6). */
function refuseMethod(allow: string): RequestHandler {
  return (request) => {
    throw new Problem(405, 'The method is not allowed', {
      detail: `${shownPath(request)} has no method ${request.method}. It has ${allow}.`,
      headers: { allow },
    });
  };
}

function createHandler({ handle, ...description }: Route, { takeTurn, eventTypes }: MountParts): RequestHandler {
  return async (request, response) => {
    const read = (): AnyCall => ({
      request,
      caller: description.access === 'public' ? null : callerOf(response),
      params: readParams(request, description),
      query: description.query && readQuery(request, description.query),
      body: description.body && readBody(request, description.body.schema),
    });
    const call = description.namesEventTypes === true ? await readAgain(read, eventTypes) : read();
    const run = async () => {
      if (call.caller) checkCaller(response);
      return handle(call, response);
    };
    await (description.readsLog === true && call.caller ? takeTurn(call.caller.owner, run) : run());
  };
}

/** Reads the input, and once more with the newest event types before it is refused. */
async function readAgain(read: () => AnyCall, eventTypes: MountParts['eventTypes']): Promise<AnyCall> {
  const before = eventTypes.current;
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 400 || (await eventTypes.refresh()) === before) throw error;
    return read();
  }
}

/**
 * Returns the ids in the path. Throws a 404 for an id of the wrong form, before the database is asked: PostgreSQL refuses
 * texts with NUL characters.
 */
function readParams(request: Request, { params = {} }: RouteDescription): Record<string, string> {
  for (const [name, resource] of Object.entries(params)) {
    const id = String(request.params[name]);
    if (!(IDS[resource] ?? RESOURCE_ID).test(id)) throw notFound(resource, id);
  }
  return request.params as Record<string, string>;
}
