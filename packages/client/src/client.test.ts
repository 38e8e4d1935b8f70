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
    client.stream({ types: ['sync.*', 'gaps.updated', '*'], onEvent: check }),
  ];
  expect(wrong).toBeDefined();
});

test('has types that match openapi.json: npm run generate:client updates them', async () => {
  const document = new URL('../openapi.json', import.meta.url);
  const types = readFileSync(new URL('generated/api.ts', import.meta.url), 'utf8');
  expect(types).toBe(`${COMMENT_HEADER}${astToString(await openApiTypes(document))}`);
});
