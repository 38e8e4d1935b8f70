import { expect, test } from '@jest/globals';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { describedType, difficultTypes, readWritten } from '../../test/described-types.js';
import { createAsyncApiWriter } from './document.js';

interface Message {
  name: string;
  title: string;
  summary: string;
  payload: Record<string, unknown>;
  examples?: { payload: unknown }[];
}
interface Document {
  channels: Record<'stream' | 'queue', { messages: Record<string, { $ref: string }> }>;
  components: { messages: Record<string, Message>; schemas: Record<string, unknown> };
}

const require = createRequire(import.meta.url);
const officialSchema = require('@asyncapi/specs/schemas/3.0.0-without-$id.json') as object;
const ajv = () => formats.default(new Ajv({ strict: false, allErrors: true, logger: false }));
const isAsyncApi = ajv().compile(officialSchema);
const write = createAsyncApiWriter({ path: '/stream' });
const read = (...types: Parameters<typeof readWritten>[1]) => readWritten<Document>(write, types);

const v1 = describedType('thing.made', { isDefault: false });
const v2 = describedType('thing.made', { version: 2, schema: { type: 'object' }, title: 'A thing' });

test.each([
  ['no types', []],
  ['one type', [describedType('a.b')]],
  ['several versions', [v1, v2]],
  ['types whose messages could have one name', [describedType('thing.made'), describedType('queued.thing.made')]],
  ['schemas with every keyword', difficultTypes],
  ['a type without an example and a description', [describedType('a.b', { examples: [], description: '' })]],
])('the document of %s is valid AsyncAPI 3.0, and every reference has a target', async (_what, types) => {
  const document = await read(...types);
  isAsyncApi(document);
  expect(isAsyncApi.errors).toBeNull();
  for (const [, path = ''] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = path
      .split('/')
      .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], document);
    expect([path, typeof found]).toEqual([path, 'object']);
  }
  const { stream, queue } = document.channels;
  const keys = [...Object.keys(stream.messages), ...Object.keys(queue.messages)];
  expect(keys.sort()).toEqual(Object.keys(document.components.messages).sort());
});

test('each version has a message on the stream and in the queue', async () => {
  const { channels, components } = await read(v1, v2);
  expect(Object.keys(channels.stream.messages).slice(0, 2)).toEqual(['thing.made-v1', 'thing.made']);
  expect(components.messages['thing.made-v1']).toMatchObject({ name: 'thing.made@1', title: 'thing.made@1' });
  expect(components.messages['thing.made']).toMatchObject({ name: 'thing.made', title: 'A thing' });
  expect(components.messages['queued.thing.made-v1']?.payload).toMatchObject({
    properties: { type: { const: 'thing.made' }, version: { const: 1 } },
    required: expect.arrayContaining(['type', 'version']) as unknown,
  });
  expect(components.messages['queued.thing.made']?.payload['required']).not.toContain('version');
});

test('schemas are draft 07, and say what draft 07 cannot express', async () => {
  const { components } = await read(...difficultTypes);
  const { payload } = components.messages['order.paid'] as Message;
  expect(payload).toMatchObject({
    properties: {
      payer: { description: 'Who paid', allOf: [{ $ref: '#/components/schemas/OrderPaidData_a_person' }] },
      steps: { items: [{ type: 'string' }], additionalItems: { type: 'integer' } },
      tags: { description: 'JSON Schema draft 07 cannot express `minContains` of the schema.' },
      properties: { properties: { default: { type: 'string' } } },
    },
    dependencies: { payer: ['note'] },
  });
  const validate = ajv().compile({ ...payload, components });
  validate(difficultTypes[0]?.examples[0]);
  expect(validate.errors).toBeNull();
  expect(validate({ customer: {} })).toBe(false);
});
