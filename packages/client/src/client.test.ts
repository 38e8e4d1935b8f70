import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import openApiTypes, { astToString, COMMENT_HEADER } from 'openapi-typescript';
import { createClient, type Client, type StreamedEvent } from './index.js';

let client: Client;
let requests: Request[];
beforeEach(() => {
  requests = [];
  const fetch = (input: unknown) => {
    requests.push(input as Request);
    return Promise.resolve(Response.json({ data: [{ id: 'wh_1', url: 'https://example.com' }], next_cursor: null }));
  };
  client = createClient({ url: 'https://tidings.example.com', token: () => 'token', fetch });
});
afterEach(() => {
  requests = [];
});

test('calls a route by its path, with the token, and returns typed data', async () => {
  const { data, error } = await client.api.GET('/api/webhooks', { params: { query: { limit: 5 } } });
  expect(error).toBeUndefined();
  const ids: string[] | undefined = data?.data.map(({ id }) => id);
  expect(ids).toEqual(['wh_1']);
  expect(requests[0]?.url).toBe('https://tidings.example.com/api/webhooks?limit=5');
  expect(requests[0]?.headers.get('authorization')).toBe('Bearer token');
});

test('has types for events, patterns and request bodies', () => {
  // Never called: the compiler checks it.
  const check = (event: StreamedEvent): unknown => {
    if (event.type === 'sync.completed') return event.data.items_synced satisfies number;
    if (event.type === 'webhook.disabled') return event.data.webhook_id satisfies string;
    // @ts-expect-error not every event has this field
    return event.data.items_synced as unknown;
  };
  const wrong = (): unknown[] => [
    // @ts-expect-error there is no such type
    client.stream({ types: ['sync.none'], onEvent: check }),
    // @ts-expect-error a webhook needs a URL
    client.api.POST('/api/webhooks', { body: {} }),
    // @ts-expect-error there is no such route
    client.api.GET('/api/nothing'),
    client.stream({ types: ['sync.*', 'gaps.updated', 'sync.completed@2', '*'], onEvent: check }),
    // @ts-expect-error a prefix has no version
    client.stream({ types: ['sync.*@2'], onEvent: check }),
    // @ts-expect-error a version is a number
    client.stream({ types: ['sync.completed@new'], onEvent: check }),
  ];
  expect(wrong).toBeDefined();
});

interface Own {
  'invoice.paid': { org_id: string; amount: number };
  'order.shipped': { org_id: string };
}
/** What the compiler knows of a catalog of `@tidings/events`. */
interface OwnCatalog {
  readonly '~event'?: { [Type in keyof Own]: { type: Type; data: Own[Type]; id?: string } }[keyof Own];
}

test.each([
  ['of an interface', () => createClient<Own>({ url: 'https://tidings.example.com', token: '' })],
  ['of a catalog', () => createClient<OwnCatalog>({ url: 'https://tidings.example.com', token: '' })],
])("has the types %s of a platform's own", (_, create) => {
  const check = (client: Client<Own>): unknown[] => [
    client.stream({
      types: ['invoice.*', 'order.shipped', 'invoice.paid@2', 'webhook.disabled'],
      onEvent: (event) => {
        if (event.type === 'invoice.paid') return event.data.amount satisfies number;
        if (event.type === 'webhook.expiring') return event.data.webhook_id satisfies string;
        // @ts-expect-error there is no such type
        return event.type === 'sync.completed';
      },
    }),
    // @ts-expect-error there is no such type
    client.stream({ types: ['sync.*'], onEvent: check }),
    // @ts-expect-error there is no such type, in no version
    client.stream({ types: ['sync.completed@1'], onEvent: check }),
    client.api.POST('/api/events', { body: { type: 'order.shipped', version: 2, data: { org_id: 'acme' } } }),
    client.api.POST('/api/events', {
      body: { events: [{ type: 'invoice.paid', data: { org_id: 'acme', amount: 1 }, id: 'i-1' }] },
    }),
    // @ts-expect-error the type has another field
    client.api.POST('/api/events', { body: { type: 'order.shipped', data: { user_id: 'acme' } } }),
    // @ts-expect-error there is no such type
    client.api.POST('/api/events', { body: { type: 'sync.completed', data: { org_id: 'acme' } } }),
    client.api.GET('/api/webhooks').then(({ data }) => data?.data[0]?.url satisfies string | undefined),
  ];
  // The compiler checks it: both are a client of the same types.
  expect([check, create() satisfies Client<Own>]).toHaveLength(2);
});

test('has types that match openapi.json: npm run generate:client updates them', async () => {
  const document = new URL('../openapi.json', import.meta.url);
  const types = readFileSync(new URL('generated/api.ts', import.meta.url), 'utf8');
  expect(types).toBe(`${COMMENT_HEADER}${astToString(await openApiTypes(document))}`);
});
