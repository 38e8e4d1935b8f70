import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefinitionsError } from './definitions-error.js';
import { readDefinitions } from './read-definitions.js';

const MODULE = fileURLToPath(new URL('../../test/own-events.ts', import.meta.url));

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
  test('a module that exports a catalog, a definition of it and a list, each definition once', async () => {
    const types = await readDefinitions(MODULE);
    expect(types.map(({ type, version }) => [type, version])).toEqual([
      ['invoice.paid', undefined],
      ['sync.completed', undefined],
      ['order.shipped', 1],
      ['order.shipped', 2],
    ]);
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

test('a definition of zod refuses unknown fields unless its object is a loose one', async () => {
  const fields = (await readDefinitions(MODULE)).map(({ unknown_fields }) => unknown_fields);
  expect(fields).toEqual(['refuse', 'refuse', 'refuse', 'keep']);
});

describe('a definition is refused', () => {
  test.each<[string, object, string]>([
    ['with a wrong name', { type: 'Shipped' }, 'the file: type: must be of the form noun.verb'],
    ['with a name of 101 characters', { type: `a.${'b'.repeat(99)}` }, 'the file: type: must have at most 100 characters'],
    ['with a reserved name', { type: 'webhook.sent' }, 'the file: type: is reserved: types that begin with webhook.'],
    ['with the version 0', { version: 0 }, 'the file: version: must be at least 1'],
    ['with an unknown field', { ownerField: 'org_id' }, 'the file: ownerField: is not a known field'],
    ['without a description', { description: undefined }, 'the file: description: is missing'],
    ['with a description of 2,001 characters', { description: 'a'.repeat(2001) }, 'description: must be at most 2000 characters'],
    ['with a title of 201 characters', { title: 'a'.repeat(201) }, 'title: must be at most 200 characters'],
    ['with a NUL character in its group', { group: 'a\0b' }, 'group: must not hold NUL characters'],
    ['with 21 examples', { examples: Array(21).fill({ org_id: 'a' }) }, 'examples: must hold at most 20 items'],
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

  test('that is no object', async () => {
    await expect(readDefinitions(write([7]))).rejects.toThrow('the file, types[0]: must be an object');
  });

  test('with every fault of every definition at once', async () => {
    const wrong = readDefinitions(write([{ ...order, type: 'x' }, { ...order, audience: 'x' }, order, order]));
    await expect(wrong).rejects.toThrow(DefinitionsError);
    await expect(wrong).rejects.toMatchObject({
      faults: [
        expect.stringMatching(/^the file, types\[0\]: type: /),
        expect.stringMatching(/^the file, types\[1\]: audience: /),
        'order.shipped is defined twice',
      ],
    });
  });
});

describe('several definitions of one type', () => {
  const versions = (...more: object[]) => readDefinitions(write(more.map((fields) => ({ ...order, ...fields }))));

  test('are its versions', async () => {
    expect((await versions({ version: 1 }, { version: 2 })).map(({ version }) => version)).toEqual([1, 2]);
  });

  test.each<[string, object[], string]>([
    ['have a version each', [{}, { version: 2 }], 'order.shipped is defined 2 times: give each one its "version"'],
    ['have different versions', [{ version: 2 }, { version: 2 }], 'order.shipped version 2 is defined twice'],
    [
      'share the description',
      [{ version: 1 }, { version: 2, description: 'B' }],
      'order.shipped has another description in some',
    ],
  ])('%s', async (_, definitions, message) => {
    await expect(versions(...definitions)).rejects.toThrow(message);
  });
});

test.each<[string, () => string, string]>([
  ['a missing file', () => join(folder(), 'types.json'), 'ENOENT'],
  ['a missing module', () => join(folder(), 'types.mjs'), 'Cannot find module'],
  ['a module that throws', () => write("throw new Error('no database')", 'events.mjs'), 'no database'],
  ['a module that exports no type', () => write('export const a = 1, b = {}, c = null', 'events.mjs'), 'defines no event type'],
  ['a file that is not JSON', () => write('{'), 'the file is not JSON'],
  ['an empty folder', folder, 'defines no event type'],
])('%s is named', async (_, path, message) => {
  await expect(readDefinitions(path())).rejects.toThrow(message);
});
