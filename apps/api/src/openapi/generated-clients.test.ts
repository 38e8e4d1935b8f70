import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JsonSchema } from './normalize-schema.js';
import { startApi, type TestApi } from '../../test/start-api.js';

/**
 * The rules by which generators make good clients of the document. A new route fails here when its body or its response has no
 * name (`meta({ id })`), or when its `operationId` does not begin with a verb.
 */
let api: TestApi;
let document: OpenApiDocument;
beforeAll(async () => {
  api = await startApi();
  document = (await (await fetch(`${api.url}/openapi.json`)).json()) as OpenApiDocument;
});
afterAll(() => api.stop());

interface Content {
  content?: Record<string, { schema: JsonSchema }>;
}
interface DescribedOperation {
  operationId: string;
  parameters?: { name: string; schema: JsonSchema }[];
  requestBody?: Content;
  responses: Record<string, Content>;
}
interface OpenApiDocument {
  paths: Record<string, Record<string, DescribedOperation>>;
  webhooks: Record<string, { post: DescribedOperation }>;
  components: { schemas: Record<string, JsonSchema> };
}

const VERBS = ['get', 'list', 'register', 'change', 'remove', 'rotate', 'test', 'publish', 'follow', 'issue', 'replay', 'retry'];
const MORE_VERBS = [
  'write',
  'archive',
  'cancel',
  'start',
  'receive',
  'set',
  'create',
  'acknowledge',
  'redeem',
  'erase',
  'deprecate',
  'pause',
  'resume',
  'verify',
  'revoke',
];
const NAME = new RegExp(`^(${[...VERBS, ...MORE_VERBS].join('|')})[A-Z][A-Za-z]*$`);
const REFERENCE = { $ref: expect.stringMatching(/^#\/components\/schemas\/[A-Z][A-Za-z0-9]*$/) as unknown };

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ what: `${method} ${path}`, ...operation })),
  );
const webhooks = () => Object.values(document.webhooks).map(({ post }) => post);

/** Every schema of the document, also those inside of others, with the component or operation that it belongs to. */
function allSchemas(): { of: string; schema: JsonSchema; isComponent: boolean }[] {
  const found: { of: string; schema: JsonSchema; isComponent: boolean }[] = [];
  const collect = (of: string, value: unknown, isComponent = false): void => {
    if (Array.isArray(value))
      value.forEach((item) => {
        collect(of, item);
      });
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const schema = value as JsonSchema;
    found.push({ of, schema, isComponent });
    for (const [key, inner] of Object.entries(schema)) {
      if (key === 'properties')
        for (const [name, property] of Object.entries(inner as object)) collect(`${of}.${name}`, property);
      else if (!['default', 'example', 'enum', 'discriminator'].includes(key)) collect(of, inner);
    }
  };
  for (const [name, schema] of Object.entries(document.components.schemas)) collect(name, schema, true);
  for (const { operationId, parameters = [] } of [...operations(), ...webhooks()])
    for (const { name, schema } of parameters) collect(`${operationId} ?${name}`, schema);
  return found;
}

describe('the document', () => {
  test('names each operation once, by a verb', () => {
    const names = [...operations(), ...webhooks()].map(({ operationId }) => operationId);
    expect(names.filter((name) => !NAME.test(name))).toEqual([]);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(['publishEvents', 'registerWebhook', 'listDeliveries']));
  });

  test('refers to a component for each JSON body and response', () => {
    for (const { what, requestBody, responses } of operations()) {
      for (const { content = {} } of [requestBody ?? {}, ...Object.values(responses)]) {
        for (const [type, { schema }] of Object.entries(content))
          if (type.endsWith('json')) expect([what, schema]).toEqual([what, REFERENCE]);
      }
    }
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['NewEvent', 'NewEvents', 'NewWebhook', 'RetryPolicy', 'WebhookPage', 'DeliveryPage', 'EventPage']),
    );
  });

  test('has no object without a name, except in the payloads of event types', () => {
    const inline = allSchemas().filter(({ schema, isComponent }) => !isComponent && 'properties' in schema);
    expect(inline.map(({ of }) => of).filter((name) => !name.includes('Data.'))).toEqual([]);
  });

  test('tells the events that are published apart by their type', () => {
    const { NewEvent, NewEvents } = document.components.schemas as Record<string, { oneOf: unknown[]; discriminator?: unknown }>;
    expect(NewEvent?.discriminator).toMatchObject({
      propertyName: 'type',
      mapping: { 'sync.completed': '#/components/schemas/NewSyncCompletedEvent' },
    });
    expect(NewEvents?.oneOf).toEqual([...(NewEvent?.oneOf ?? []), { $ref: '#/components/schemas/NewEventBatch' }]);
    expect(document.components.schemas['NewSyncCompletedEvent']?.['properties']).toMatchObject({
      type: { type: 'string', enum: ['sync.completed'] },
    });
  });

  test('gives each number a format: generators take 32 bits without one', () => {
    const numbers = allSchemas().filter(({ schema }) =>
      ['integer', 'number'].some((type) => [schema['type']].flat().includes(type)),
    );
    expect(numbers.length).toBeGreaterThan(50);
    expect(numbers.filter(({ schema }) => !/^(int32|int64|double)$/.test(String(schema['format'])))).toEqual([]);
  });

  test('refuses unknown fields in requests only: a response or payload may get new ones', () => {
    const names = (operation: DescribedOperation[]) => JSON.stringify(operation).match(/(?<=schemas\/)\w+/g) ?? [];
    const reached = (names: readonly string[]): string[] => {
      const all = new Set(names);
      for (const name of all)
        for (const inner of JSON.stringify(document.components.schemas[name]).match(/(?<=schemas\/)\w+/g) ?? []) all.add(inner);
      return [...all];
    };
    const isStrict = (name: string) => JSON.stringify(document.components.schemas[name]).includes('"additionalProperties":false');
    const requests = reached(
      operations().flatMap(({ requestBody }) =>
        requestBody ? (JSON.stringify(requestBody).match(/(?<=schemas\/)\w+/g) ?? []) : [],
      ),
    );
    const answers = reached(names(operations().map(({ responses }) => ({ responses }) as DescribedOperation)));
    const payloads = reached([...names(webhooks()), 'StreamedData', 'WebhookEvent']);
    expect([...answers, ...payloads].filter(isStrict)).toEqual([]);
    const objects = requests.filter((name) => document.components.schemas[name]?.['type'] === 'object');
    expect(objects.length).toBeGreaterThan(10);
    expect(objects.filter((name) => !isStrict(name))).toEqual([]);
  });

  test('has only patterns that the engines of Go and pydantic compile', () => {
    const patterns = allSchemas().flatMap(({ of, schema }) =>
      typeof schema['pattern'] === 'string' ? [{ of, pattern: schema['pattern'] }] : [],
    );
    expect(patterns.length).toBeGreaterThan(10);
    for (const { of, pattern } of patterns) {
      expect([of, pattern]).toEqual([of, expect.not.stringMatching(/\(\?[=!<]|\\[1-9uk]/)]);
      // Go repeats at most 1,000 times, and pydantic's engine compiles no large repetition of a class of Unicode.
      for (const [, most] of pattern.matchAll(/\{(?:\d+,)?(\d*)\}/g)) expect([of, Number(most) <= 1000]).toEqual([of, true]);
      expect([of, pattern]).toEqual([of, expect.not.stringMatching(/\\p\{\w+\}[^[\]]*\]\{/)]);
    }
    const formatted = allSchemas().filter(({ schema }) => schema['format'] === 'date-time' && 'pattern' in schema);
    expect(formatted).toEqual([]);
  });
});

describe('a path', () => {
  const AS_GET = ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'];
  const ids: Record<string, string> = { owner: 'nobody', id: 'wh_01a20f72-bf62-73aa-bf71-cc66b4490a07' };

  test('answers a method that it does not have with 405 and those that it has', async () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const has = Object.keys(methods).map((method) => method.toUpperCase());
      const allow = [...(has.includes('GET') ? ['GET', 'HEAD'] : []), ...has.filter((method) => method !== 'GET'), 'OPTIONS'];
      const url = `${api.url}${path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => String(ids[name]))}`;
      const headers = { authorization: `Bearer ${api.token('alice', { scope: 'admin events:publish' })}` };
      for (const method of [...AS_GET, 'GET', 'HEAD'].filter((name) => !allow.includes(name))) {
        const response = await fetch(url, { method, headers });
        expect([method, path, response.status]).toEqual([method, path, 405]);
        expect(response.headers.get('allow')?.split(', ').sort()).toEqual(allow.sort());
        if (method !== 'HEAD') expect(await response.json()).toMatchObject({ status: 405, title: 'The method is not allowed' });
      }
      const options = await fetch(url, { method: 'OPTIONS', headers });
      expect([options.status, options.headers.get('allow')?.split(', ').sort()]).toEqual([204, allow.sort()]);
    }
  });

  test('that does not exist is a 404 for every method', async () => {
    for (const method of AS_GET) {
      const response = await fetch(`${api.url}/api/nothing`, {
        method,
        headers: { authorization: `Bearer ${api.token('alice')}` },
      });
      expect([method, response.status]).toEqual([method, 404]);
    }
  });
});
