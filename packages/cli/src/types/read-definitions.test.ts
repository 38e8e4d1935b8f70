import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readDefinitions } from './read-definitions.js';

const order = {
  type: 'order.shipped',
  description: 'An order was shipped.',
  audience: 'user',
  owner_field: 'org_id',
  schema: { type: 'object', properties: { org_id: { type: 'string' } }, required: ['org_id'] },
};
const complete = { ...order, audience: 'owner', title: null, group: null, unknown_fields: 'refuse', examples: [] };
const folder = () => mkdtempSync(join(tmpdir(), 'tidings-types-'));

function write(content: unknown, name = 'types.json', into = folder()): string {
  writeFileSync(join(into, name), typeof content === 'string' ? content : JSON.stringify(content));
  return join(into, name);
}

describe('event types are read from', () => {
  test('a module that exports a catalog and definitions, each type once', async () => {
    const types = await readDefinitions(fileURLToPath(new URL('../../test/own-events.ts', import.meta.url)));
    expect(types.map(({ type }) => type)).toEqual(['invoice.paid', 'sync.completed']);
    expect(types[0]).toMatchObject({ audience: 'owner', owner_field: 'org_id', examples: [{ org_id: 'acme' }] });
  });

  test('a file with one definition, a list, or an object with types', async () => {
    for (const content of [order, [order], { types: [order] }]) expect(await readDefinitions(write(content))).toEqual([complete]);
  });

  test('the JSON files of a folder', async () => {
    const into = folder();
    write(order, 'b.json', into);
    write({ ...order, type: 'order.paid' }, 'a.json', into);
    write('not JSON', 'README.md', into);
    expect((await readDefinitions(into)).map(({ type }) => type)).toEqual(['order.paid', 'order.shipped']);
  });
});

describe('a definition is refused', () => {
  test.each<[string, object, string]>([
    ['with a wrong name', { type: 'Shipped' }, 'the file: type: must be of the form noun.verb'],
    ['with an unknown field', { ownerField: 'org_id' }, 'the file: ownerField: is not a known field'],
    ['without a description', { description: undefined }, 'the file: description: is missing'],
    ['with an unknown audience', { audience: 'all' }, 'the file: audience: must be'],
    ['whose schema is none', { schema: { type: 'object', properties: { a: { type: 'text' } } } }, 'schema.properties.a.type'],
    ['whose owner field is not in the schema', { owner_field: 'team_id' }, 'team_id'],
    [
      'whose example does not fit',
      { examples: [{ org_id: 'acme' }, { org_id: 7 }] },
      'the file: examples[1].org_id: must be a string',
    ],
  ])('%s', async (_, more, message) => {
    await expect(readDefinitions(write({ ...order, ...more }))).rejects.toThrow(message);
  });

  test('that is defined twice', async () => {
    await expect(readDefinitions(write([order, order]))).rejects.toThrow('order.shipped is defined twice');
  });

  test('with every fault of every definition at once', async () => {
    const wrong = readDefinitions(
      write([
        { ...order, type: 'x' },
        { ...order, audience: 'x' },
      ]),
    );
    await expect(wrong).rejects.toThrow(/the file, types\[0\]: type: .*\n.*the file, types\[1\]: audience: /);
  });
});

test.each<[string, () => string, string]>([
  ['a missing file', () => join(folder(), 'types.json'), 'ENOENT'],
  ['a file that is not JSON', () => write('{'), 'is not JSON'],
  ['an empty folder', folder, 'defines no event type'],
])('%s is named', async (_, path, message) => {
  await expect(readDefinitions(path())).rejects.toThrow(message);
});
