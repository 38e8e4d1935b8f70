import { expect, test } from '@jest/globals';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { z } from 'zod';
import { catalog } from '@tidings/events';
import { fixedEventTypes, inputOf } from '@tidings/accept';
import { createDescribe } from '../openapi/describe-event-types.js';
import { createAsyncApiWriter } from './document.js';

const stream = {
  path: '/stream',
  description: 'A stream.',
  query: z.strictObject({ types: z.string().optional(), deep: z.enum(['yes', 'no']).default('no') }),
};

interface Message {
  headers?: object;
  payload: object;
  examples: { headers?: unknown; payload: unknown }[];
}

interface Document {
  channels: Record<'stream' | 'queue', { address: string; messages: object }>;
  operations: { followEvents: { bindings: { http: { query: object } } } };
  components: { messages: Record<string, Message> };
}

const write = createAsyncApiWriter(stream);
const document = JSON.parse((await write(await createDescribe(fixedEventTypes(catalog.describe().map(inputOf)))())).join('')) as Document;

const require = createRequire(import.meta.url);
/** The JSON Schema of AsyncAPI documents, as the AsyncAPI Initiative publishes it. */
const officialSchema = require('@asyncapi/specs/schemas/3.0.0-without-$id.json') as object;
const newAjv = () => formats.default(new Ajv({ strict: false, allErrors: true, logger: false }));

test('the document is valid AsyncAPI 3.0', () => {
  const validate = newAjv().compile(officialSchema);
  validate(document);
  expect(validate.errors).toBeNull();
  // The schema finds mistakes.
  expect(validate({ ...document, operations: { one: { ...document.operations.followEvents, action: 'sends' } } })).toBe(false);
});

test('the stream has a message for every streamed type, and for each of its own notices', () => {
  const noticeTypes = ['stream.open', 'stream.gap', 'stream.end'];
  expect(Object.keys(document.channels.stream.messages)).toEqual([...catalog.streamedTypes, ...noticeTypes]);
  expect(document.channels.stream.address).toBe('/stream');
});

test('the payload of a message may have the fields of a later version; a job of the queue may not', () => {
  const messages = Object.entries(document.components.messages);
  const isClosed = ([, { payload }]: (typeof messages)[number]) =>
    JSON.stringify(payload).includes('"additionalProperties":false');
  expect(messages.filter(isClosed).map(([name]) => name)).toEqual(catalog.types.map((type) => `queued.${type}`));
});

test('the queue has a message for every type of the catalog', () => {
  expect(document.channels.queue.address).toBe('{prefix}:events');
  expect(Object.keys(document.channels.queue.messages)).toEqual(catalog.types.map((type) => `queued.${type}`));
});

test('every reference has a target', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => String(path).split('/'));
  expect(references.length).toBeGreaterThan(10);
  for (const path of references) {
    const found = path.reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], document);
    expect([path, typeof found]).toEqual([path, 'object']);
  }
});

test.each(Object.entries(document.components.messages))('the example of %s matches its schemas', (_name, message) => {
  for (const example of message.examples) {
    const payload = newAjv().compile(message.payload);
    payload(example.payload);
    expect(payload.errors).toBeNull();
    if (message.headers === undefined) continue;
    const headers = newAjv().compile(message.headers);
    headers(example.headers);
    expect(headers.errors).toBeNull();
  }
});

test('the query of the stream is the query of its route', () => {
  expect(document.operations.followEvents.bindings.http.query).toMatchObject({
    properties: { types: { type: 'string' }, deep: { enum: ['yes', 'no'] } },
    additionalProperties: false,
  });
});
