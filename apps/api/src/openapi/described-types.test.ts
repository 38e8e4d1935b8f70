import { beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { z } from 'zod';
import { compileContract } from '@tidings/event-types';
import { describedType, difficultTypes, readWritten, shippedTypes } from '../../test/described-types.js';
import { createOpenApiWriter } from './document.js';
import type { JsonSchema } from './normalize-schema.js';
import { route } from './route.js';

const publish = route(
  {
    method: 'post',
    path: '/api/events',
    operationId: 'publishEvents',
    summary: 'Publishes',
    access: 'owner',
    body: { schema: z.custom<unknown>(), publishes: { maxEvents: 10 } },
    responses: { 200: { description: 'Published.', schema: z.strictObject({ id: z.string() }).meta({ id: 'ThingMadeEvent' }) } },
  },
  () => undefined,
);
const register = route(
  {
    method: 'post',
    path: '/api/webhooks',
    operationId: 'registerWebhook',
    summary: 'Registers',
    access: 'owner',
    sendsEvents: true,
    responses: { 204: { description: 'Registered.' } },
  },
  () => undefined,
);

interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  deprecated?: boolean;
  parameters: { name: string; schema: JsonSchema }[];
  requestBody: { content: { 'application/json': { schema: { $ref: string }; example?: unknown } } };
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, { post: Operation }>;
  components: { schemas: Record<string, JsonSchema> };
}

const read = (...types: Parameters<typeof readWritten>[1]) =>
  readWritten<Document>(createOpenApiWriter([publish, register]), types);
const ajv = () => formats.default(new Ajv2020({ strict: false, allErrors: true }));
/** Whether a value is valid under a component of a document. */
const validator = (document: Document, name: string): ValidateFunction =>
  ajv().compile({ components: document.components, $ref: `#/components/schemas/${name}` });

const v1 = describedType('thing.made', { isDefault: false });
const v2 = describedType('thing.made', {
  version: 2,
  schema: { type: 'object', properties: { label: { type: 'string' } }, required: ['label'] },
  examples: [{ label: 'a label' }],
});

test.each([
  ['no types', []],
  ['one type', [describedType('a.b')]],
  ['types whose names collide', [describedType('a.b_c'), describedType('a_b.c'), describedType('thing.made')]],
  ['several versions', [v1, v2]],
  ['one version that is not the first', [{ ...v2, version: 7 }]],
  ['schemas with every keyword', difficultTypes],
  [
    'a type without an example, a description and fields',
    [describedType('a.b', { examples: [], description: '', schema: { type: 'object' } })],
  ],
])('the document of %s is valid OpenAPI 3.1, and every reference has a target', async (_what, types) => {
  const document = await read(...types);
  const { valid, errors } = await new Validator().validate(structuredClone(document) as unknown as Record<string, unknown>);
  expect({ valid, errors }).toEqual({ valid: true });
  const references = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
  for (const name of references) expect(Object.keys(document.components.schemas)).toContain(name);
  const operationIds = [...Object.values(document.paths), ...Object.values(document.webhooks)]
    .flatMap((methods) => Object.values(methods))
    .map(({ operationId }) => operationId);
  expect(new Set(operationIds).size).toBe(operationIds.length);
});

test('while there are no types, an event is described without its data', async () => {
  const { paths, components, webhooks } = await read();
  const isNewEvent = validator({ paths, components, webhooks }, 'NewEvents');
  expect(isNewEvent({ events: [{ type: 'a.b', data: { any: 1 } }] })).toBe(true);
  expect(isNewEvent({ events: [{ type: 'a.b' }] })).toBe(false);
  expect(Object.keys(webhooks)).toEqual(['webhook.test', 'webhook.verification']);
  expect(paths['/api/events']?.['post']?.requestBody.content['application/json']).not.toHaveProperty('example');
});

test('the example of a request is an event of the last type that has one', async () => {
  const { paths } = await read(describedType('a.b'), v1, v2, describedType('c.d', { examples: [] }));
  const { example } = paths['/api/events']?.['post']?.requestBody.content['application/json'] ?? {};
  expect(example).toEqual({ type: 'thing.made', data: { label: 'a label' } });
});

describe('a type of two versions', () => {
  let document: Document;
  beforeAll(async () => {
    document = await read(v1, v2, describedType('a.b'));
  });

  test('is published in each: an event that names no version has the default one', () => {
    const isNewEvent = validator(document, 'NewEvent');
    const isNewEvents = validator(document, 'NewEvents');
    const [old, current] = [{ name: 'a name' }, { label: 'a label' }];
    for (const [event, expected] of [
      [{ type: 'thing.made', data: current }, true],
      [{ type: 'thing.made', version: 2, data: current }, true],
      [{ type: 'thing.made', version: 1, data: old }, true],
      [{ type: 'thing.made', data: old }, false],
      [{ type: 'thing.made', version: 1, data: current }, false],
      [{ type: 'thing.made', version: 3, data: current }, false],
      [{ type: 'a.b', data: old }, true],
    ] as const) {
      expect([event, isNewEvent(event)]).toEqual([event, expected]);
      expect([event, isNewEvents(event)]).toEqual([event, expected]);
    }
  });

  test('is received in each, and the header names the version', () => {
    const { webhooks } = document;
    expect(Object.keys(webhooks)).toEqual(['thing.made@1', 'thing.made', 'a.b', 'webhook.test', 'webhook.verification']);
    const headers = (name: string) => webhooks[name]?.post.parameters.filter((header) => header.name === 'webhook-event-version');
    expect(headers('thing.made@1')).toMatchObject([{ schema: { enum: ['1'] } }]);
    expect(headers('thing.made')).toMatchObject([{ schema: { enum: ['2'] } }]);
    expect(headers('a.b')).toMatchObject([{ schema: { enum: ['1'] } }]);
    const isEvent = validator(document, 'WebhookEvent');
    const timestamp = '2026-11-24T10:00:00.000Z';
    for (const data of [{ name: 'a' }, { label: 'b' }, { name: 'a', label: 'b' }])
      expect(isEvent({ type: 'thing.made', timestamp, data })).toBe(true);
    expect(isEvent({ type: 'thing.made', timestamp, data: {} })).toBe(false);
  });

  test('is on streams in each', () => {
    const { properties } = document.components.schemas['StreamedData'] as { properties: Record<string, unknown> };
    expect(properties['thing.made']).toEqual({
      // ThingMadeEvent is the name of a response.
      anyOf: [{ $ref: '#/components/schemas/ThingMade2Data' }, { $ref: '#/components/schemas/ThingMade2V2Data' }],
    });
  });
});

test.each(difficultTypes)('$type: the document says of data what the contract says', async (described) => {
  const document = await read(described);
  const names = described.type === 'order.paid' ? 'OrderPaid' : 'OrderShipped';
  const [isPublished, isReceived] = [validator(document, `New${names}Data`), validator(document, `${names}Data`)];
  const { validate } = compileContract({ ...described, ownerField: '' });
  const customer = { name: 'Alice' };
  for (const data of [
    ...described.examples,
    { customer },
    { customer: { ...customer, age: 3 } },
    { customer, contact: { name: 1 } },
    { customer, payer: customer },
    { customer, payer: customer, note: null },
    { customer, amount: 1.5 },
    { customer, amount: '1' },
    { customer, note: '' },
    { customer, method: null },
    { customer, method: 'cheque' },
    { customer, steps: [1] },
    { customer, tags: ['new'] },
    { customer, properties: { default: 1 } },
    { customer, code: 'ab' },
    { customer, code: 'abcdefghij' },
    { parcel: 'p', letter: 'l' },
    { parcel: 1 },
  ] as object[]) {
    const isValid = validate(data).length === 0;
    expect([data, isPublished(data)]).toEqual([data, isValid]);
    if (isValid) expect([data, isReceived(data)]).toEqual([data, true]);
  }
  // A receiver gets new fields before it knows them.
  expect(isReceived({ ...(described.examples[0] as object), more: 1 })).toBe(true);
});

test('what authors say of a schema is in the document, where generators find it', async () => {
  const { components } = await read(...difficultTypes);
  expect(components.schemas['NewOrderPaidData_a_person']).toEqual({
    type: 'object',
    properties: { name: { type: 'string', 'x-personal': true } },
    required: ['name'],
    additionalProperties: false,
  });
  expect(components.schemas['OrderPaidData']).toMatchObject({
    properties: {
      payer: { $ref: '#/components/schemas/OrderPaidData_a_person', description: 'Who paid' },
      amount: { anyOf: [{ type: 'number' }, { type: 'integer' }] },
      note: { type: ['string', 'null'] },
      at: { type: 'string', format: 'date-time', description: 'Pattern: `Z$`.' },
      code: { minLength: 3, pattern: '^[a-z]{2,9}$' },
    },
  });
});

test('a deprecated type is marked, with the type to use instead', async () => {
  const deprecated = { title: 'A thing', deprecatedAt: new Date('2026-11-24T10:00:00Z'), replacedBy: 'thing.created' };
  const { webhooks, components } = await read(describedType('a.b', deprecated));
  const description = 'An event of the type a.b. Deprecated since 2026-11-24: use `thing.created`.';
  expect(webhooks['a.b']?.post).toMatchObject({ summary: 'A thing', description, deprecated: true });
  for (const name of ['ABEvent', 'NewABEvent']) expect(components.schemas[name]).toMatchObject({ deprecated: true, description });
});

test('the names of Tidings are taken before those of types', async () => {
  const { components, webhooks } = await read(describedType('web.hook_test'), ...shippedTypes.types);
  expect(webhooks['webhook.test']?.post.operationId).toBe('receiveWebhookTest');
  expect(components.schemas).toHaveProperty('WebHookTest2Data');
});
