import { z } from 'zod';
import { describeEventType, webhookTest, webhookVerification, type Catalog } from '@tidings/events';
import { problemJson } from '../problems/problem.js';
import { IDS, RESOURCE_ID } from './ids.js';
import { jsonSchemas } from './json-schemas.js';
import type { JsonSchema } from './normalize-schema.js';
import type { Route, RouteResponse } from './route.js';
import { eventCallback, payloadOf, webhookOperation } from './webhooks.js';

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

/**
 * Builds the OpenAPI 3.1 document of the routes, and of the webhook requests for the event types of the catalog.
 *
 * @param basePath the path of the server; default: none
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export function openApiDocument(routes: readonly Route[], catalog: DescribedCatalog, basePath = '') {
  const schemas = jsonSchemas();
  const problem = schemas.output(problemJson);
  schemas.output(streamedData(catalog));
  // Without webhook.disabled, which only streams get: the webhook that could receive it is disabled.
  const received = [...catalog.describe(), describeEventType(webhookTest), describeEventType(webhookVerification)];
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes.filter(({ isPageFile }) => !isPageFile))
    (paths[route.path] ??= {})[route.method] = {
      ...operation(route, schemas, problem),
      ...(route.sendsEvents && { callbacks: { event: { '{$request.body#/url}': { post: eventCallback(received, schemas) } } } }),
    };
  return {
    openapi: '3.1.1',
    info: {
      title: 'Tidings',
      version: '0.1.0',
      description: 'Webhooks and a live event stream. Every list is newest first unless it says otherwise.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: basePath || '/', description: 'This server' }],
    security: [{ bearer: [] }],
    paths,
    webhooks: Object.fromEntries(received.map((type) => [type.type, { post: webhookOperation(type, { schemas, parameters }) }])),
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: schemas.named(),
    },
  };
}

/** The part of the catalog that the documents describe. */
export type DescribedCatalog = Pick<Catalog, 'describe' | 'describeStreamed'>;

/**
 * The schema of `data` for each event type of the stream, by type. OpenAPI 3.1 cannot describe the events of a stream itself.
 */
function streamedData(catalog: DescribedCatalog): z.ZodType {
  return z
    .object(Object.fromEntries(catalog.describeStreamed().map((type) => [type.type, payloadOf(type)])))
    .meta({ id: 'StreamedData', description: 'The `data` of each event of the stream, by its `event`.' });
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
    ...(body && {
      requestBody: {
        required: !body.schema.safeParse(undefined).success,
        content: { 'application/json': { schema: schemas.input(body.documented ?? body.schema), example: body.example } },
      },
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
