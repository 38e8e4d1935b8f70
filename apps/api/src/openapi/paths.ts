import { z } from 'zod';
import { problemJson } from '../problems/problem.js';
import { SCHEMAS } from './contract-components.js';
import { IDS, RESOURCE_ID } from './ids.js';
import { jsonSchemas } from './json-schemas.js';
import { NEW_EVENTS, newEventFields } from './new-events.js';
import type { JsonSchema } from './normalize-schema.js';
import { isPublishing, type Route, type RouteResponse } from './route.js';
import { eventCallback, webhookHeaders } from './webhooks.js';

const PROBLEM = 'application/problem+json';

/** The error response of every route. Further ones follow from its input and its access. */
const ALWAYS: Readonly<Record<number, string>> = { 500: 'An internal error.' };
const WITH_INPUT: Readonly<Record<number, string>> = { 400: 'The request is not valid: `errors` names every wrong field.' };
const WITH_BODY: Readonly<Record<number, string>> = { 413: 'The body is larger than 1 MB.', 415: 'The body is not JSON.' };
const WITH_TOKEN: Readonly<Record<number, string>> = {
  401: 'The request has no valid token. The response does not say what is wrong with the token.',
  403: 'An operator disabled the owner.',
  429: 'Too many requests: try again after `Retry-After` seconds.',
  503: 'The database, or Redis where the route needs it, is not available.',
};
const WITH_SCOPE: Readonly<Record<number, string>> = { 403: 'The token lacks the scope, or an operator disabled the owner.' };
const WITH_ID: Readonly<Record<number, string>> = { 404: 'The caller has no resource with this id.' };

/** The part of an OpenAPI document that follows from the routes alone. */
export interface DescribedPaths {
  /**
   * Returns the operations, by path and method.
   *
   * @param newEvent an example of an event to publish; undefined: there is none
   */
  paths: (newEvent: object | undefined) => Record<string, Record<string, object>>;
  /** The parameters of every request to a webhook. */
  webhookHeaders: readonly object[];
  /** The schemas of the fields that a new event of any type may have. */
  newEventFields: JsonSchema;
  /** The most events of a batch; undefined: no route publishes events. */
  maxEvents: number | undefined;
  /** The components, by name. */
  schemas: Readonly<Record<string, JsonSchema>>;
}

/** Describes the routes. Components of event types are named, but not part of it. */
export function describePaths(routes: readonly Route[]): DescribedPaths {
  const schemas = jsonSchemas();
  const problem = schemas.output(problemJson);
  const documented = routes
    .filter(({ isPageFile }) => !isPageFile)
    .map((route) => ({
      route,
      described: {
        ...operation(route, schemas, problem),
        ...(route.sendsEvents && { callbacks: { event: { '{$request.body#/url}': { post: eventCallback() } } } }),
      },
    }));
  return {
    paths: (newEvent) => {
      const paths: Record<string, Record<string, object>> = {};
      for (const { route, described } of documented)
        (paths[route.path] ??= {})[route.method] = isPublishing(route.body)
          ? withBody(described, { required: true, schema: { $ref: SCHEMAS + NEW_EVENTS }, example: newEvent })
          : described;
      return paths;
    },
    webhookHeaders: parameters(schemas.output(webhookHeaders), 'header'),
    newEventFields: schemas.input(newEventFields)['properties'] as JsonSchema,
    maxEvents: routes.map(({ body }) => body).find(isPublishing)?.publishes.maxEvents,
    schemas: schemas.named(),
  };
}

/** Returns an operation with a body, between its parameters and its responses. */
function withBody({ responses, ...before }: ReturnType<typeof operation>, body: RequestBody) {
  return { ...before, requestBody: requestBody(body), responses };
}

interface RequestBody {
  required: boolean;
  schema: JsonSchema;
  example: unknown;
}

function requestBody({ required, ...content }: RequestBody) {
  return { required, content: { 'application/json': content } };
}

type Schemas = ReturnType<typeof jsonSchemas>;

function operation(route: Route, schemas: Schemas, problem: JsonSchema) {
  const { access, params = {}, query, headers = {}, body } = route;
  const problems = {
    ...ALWAYS,
    ...(body || query || Object.keys(params).length > 0 ? WITH_INPUT : {}),
    ...(body ? WITH_BODY : {}),
    ...(access === 'public' ? {} : WITH_TOKEN),
    ...(typeof access === 'object' ? WITH_SCOPE : {}),
    ...(Object.keys(params).length > 0 ? WITH_ID : {}),
  };
  const content = { [PROBLEM]: { schema: problem } };
  const security = access === 'public' ? [] : [{ bearer: typeof access === 'object' ? [access.scope] : [] }];
  return {
    operationId: route.operationId,
    tags: [(route.path.startsWith('/api/') ? route.path.split('/')[2] : undefined) ?? 'service'],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security,
    parameters: [
      ...Object.entries(params).map(([name, resource]) => ({
        name,
        in: 'path',
        required: true,
        description: `The id of the ${resource}.`,
        schema: schemas.input(z.string().regex(IDS[resource] ?? RESOURCE_ID)),
      })),
      ...(query ? parameters(schemas.input(query), 'query') : []),
      ...Object.entries(headers).map(([name, header]) => headerParameter(name, header, schemas)),
    ],
    ...(body &&
      !isPublishing(body) && {
        requestBody: requestBody({
          required: !body.schema.safeParse(undefined).success,
          schema: schemas.input(body.schema),
          example: body.example,
        }),
      }),
    responses: {
      ...mapValues(problems, (description) => ({ description, content })),
      ...mapValues(route.responses, (response, status) => (status < 400 ? success(response, schemas) : { ...response, content })),
    },
  };
}

function success({ description, schema, contentType = 'application/json' }: RouteResponse, schemas: Schemas) {
  return { description, ...(schema && { content: { [contentType]: { schema: schemas.output(schema) } } }) };
}

function headerParameter(name: string, header: string | z.ZodType, schemas: Schemas) {
  const schema = typeof header === 'string' ? { type: 'string', description: header } : schemas.input(header);
  return { name, in: 'header', description: schema['description'], schema };
}

function parameters(object: JsonSchema, where: 'query' | 'header') {
  const required = new Set(object['required'] as string[] | undefined);
  return Object.entries(object['properties'] as Record<string, JsonSchema>).map(([name, schema]) => ({
    name,
    in: where,
    required: required.has(name),
    // A list is sent in one parameter, with commas between its items.
    ...(where === 'query' && schema['type'] === 'array' ? { style: 'form', explode: false } : {}),
    ...(typeof schema['description'] === 'string' ? { description: schema['description'] } : {}),
    schema,
  }));
}

function mapValues<Value, Result>(values: Readonly<Record<number, Value>>, map: (value: Value, status: number) => Result) {
  return Object.fromEntries(Object.entries(values).map(([status, value]) => [status, map(value, Number(status))]));
}
