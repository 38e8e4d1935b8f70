import { describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { z } from 'zod';
import { catalog } from '@tidings/events';
import { fixedEventTypes, inputOf } from '@tidings/accept';
import { shippedDefinitions } from '@tidings/event-types/definitions';
import { createDescribe } from './describe-event-types.js';
import { createOpenApiWriter } from './document.js';
import type { JsonSchema } from './normalize-schema.js';
import { route } from './route.js';

const thing = z.strictObject({ id: z.string(), made_at: z.date() }).meta({ id: 'Thing' });
const answer = () => undefined;
const routes = [
  route(
    {
      method: 'get',
      path: '/api/things/{id}',
      operationId: 'getThing',
      summary: 'One thing',
      access: 'owner',
      params: { id: 'thing' },
      query: z.strictObject({ deep: z.enum(['yes', 'no']).describe('How deep.'), more: z.string().optional() }),
      responses: { 200: { description: 'It.', schema: thing } },
    },
    answer,
  ),
  route(
    {
      method: 'post',
      path: '/api/things',
      operationId: 'makeThing',
      summary: 'Makes a thing',
      access: { scope: 'things:make' },
      headers: { 'X-Thing': 'What for.' },
      body: { schema: z.strictObject({ name: z.string() }), example: { name: 'a' } },
      responses: {
        201: { description: 'Made.', schema: z.strictObject({ data: z.array(thing) }) },
        409: { description: 'There.' },
      },
    },
    answer,
  ),
  route(
    {
      method: 'get',
      path: '/alive',
      operationId: 'getAlive',
      summary: 'Alive',
      access: 'public',
      responses: { 204: { description: 'Yes.' } },
    },
    answer,
  ),
];

interface Webhook {
  parameters: object[];
  requestBody: { content: { 'application/json': { schema: JsonSchema; example: { data: object } } } };
  responses: Record<string, { headers?: object }>;
}

interface Document {
  paths: Record<string, Record<string, object>>;
  webhooks: Record<string, { post: Webhook }>;
  components: { schemas: Record<string, JsonSchema> };
}

const write = createOpenApiWriter(routes);
const document = JSON.parse(
  (await write(await createDescribe(fixedEventTypes(shippedDefinitions().map(inputOf)))())).join(''),
) as Document;
const operation = (path: string, method: string) => document.paths[path]?.[method];

test('the document is valid OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document) as unknown as Record<string, unknown>);
  expect({ valid, errors }).toEqual({ valid: true });
});

test('a schema with a name is in it once, and dates are strings', () => {
  expect(operation('/api/things/{id}', 'get')).toMatchObject({
    responses: { 200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } } },
  });
  expect(document.components.schemas['Thing']).toMatchObject({
    properties: { id: { type: 'string' }, made_at: { type: 'string', format: 'date-time' } },
    required: ['id', 'made_at'],
  });
});

test('security requirements and error responses of a route follow from its access', () => {
  const statuses = (path: string, method: string) =>
    Object.keys((operation(path, method) as { responses: object }).responses).join(' ');
  expect(operation('/alive', 'get')).toMatchObject({ security: [] });
  expect(statuses('/alive', 'get')).toBe('204 500');
  expect(operation('/api/things/{id}', 'get')).toMatchObject({ security: [{ bearer: [] }] });
  expect(statuses('/api/things/{id}', 'get')).toBe('200 400 401 403 404 429 500 503');
  expect(operation('/api/things', 'post')).toMatchObject({ security: [{ bearer: ['things:make'] }] });
  expect(statuses('/api/things', 'post')).toBe('201 400 401 403 409 413 415 429 500 503');
});

test('parameters say where they are sent and whether they are required', () => {
  expect(operation('/api/things/{id}', 'get')).toMatchObject({
    operationId: 'getThing',
    parameters: [
      { name: 'id', in: 'path', required: true, description: 'The id of the thing.' },
      { name: 'deep', in: 'query', required: true, description: 'How deep.', schema: { enum: ['yes', 'no'] } },
      { name: 'more', in: 'query', required: false },
    ],
  });
  expect(operation('/api/things', 'post')).toMatchObject({
    parameters: [{ name: 'X-Thing', in: 'header' }],
    requestBody: { required: true, content: { 'application/json': { example: { name: 'a' } } } },
  });
});

describe('its webhooks', () => {
  const ajv = formats.default(new Ajv2020({ strict: false, allErrors: true }));
  const webhooks = Object.entries(document.webhooks).map(([type, { post }]) => ({ type, ...post }));

  test('are the types that services publish, webhook.test and webhook.verification; webhook.disabled is for streams only', () => {
    expect(webhooks.map(({ type }) => type)).toEqual([...catalog.types, 'webhook.test', 'webhook.verification']);
    expect(Object.keys(document.components.schemas['StreamedData']?.['properties'] as object)).toContain('webhook.disabled');
  });

  test.each(webhooks)('$type: its example matches its schema, also with the fields of a later version', ({ requestBody }) => {
    const { schema, example } = requestBody.content['application/json'];
    const validate = ajv.compile({ components: document.components, ...schema });
    validate(example);
    expect(validate.errors).toBeNull();
    expect(validate({ ...example, more: 1, data: { ...example.data, more: 1 } })).toBe(true);
    expect(validate({ ...example, type: 'another.type' })).toBe(false);
  });

  test('list the signature headers and the responses that a receiver may send', () => {
    for (const { parameters, responses } of webhooks) {
      expect(parameters).toMatchObject(
        ['webhook-id', 'webhook-timestamp', 'webhook-signature', 'webhook-event-version'].map((name) => ({
          name,
          in: 'header',
          required: true,
        })),
      );
      expect(Object.keys(responses)).toEqual(['410', '429', '503', '2XX', 'default']);
      for (const status of ['429', '503'] as const) expect(responses[status]?.headers).toHaveProperty('Retry-After');
    }
  });
});
