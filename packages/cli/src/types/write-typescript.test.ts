import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { shippedDefinitions } from '@tidings/event-types/definitions';
import { typeOf } from './type-of-schema.js';
import { writeTypescript, type VersionedType } from './write-typescript.js';

const shipped: VersionedType[] = shippedDefinitions().map((definition) => ({
  type: definition.type,
  defaultVersion: 1,
  versions: [{ ...definition, version: 1 }],
}));
const flat = (type: string) => type.replace(/\s+/g, ' ');

/** Compiles code that imports the written types as `./events.js`, and returns what is wrong with it. */
function compile(types: readonly VersionedType[], code: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-types-'));
  writeFileSync(join(folder, 'events.ts'), writeTypescript(types));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'use.ts'), code);
  const options = { strict: true, exactOptionalPropertyTypes: true, noEmit: true, module: ts.ModuleKind.NodeNext, types: [] };
  const program = ts.createProgram([join(folder, 'use.ts')], { ...options, target: ts.ScriptTarget.ES2022 });
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('the types of TypeScript', () => {
  test('take the example of each type that a new installation has', () => {
    const events = shippedDefinitions()
      .map(({ type, examples: [data] }) => JSON.stringify({ type, data }))
      .join(',\n');
    expect(
      compile(shipped, `import type { NewEvent } from './events.js';\nexport const events: NewEvent[] = [${events}];`),
    ).toEqual([]);
  });

  test('refuse another type, a missing field and a wrong one', () => {
    const use = (event: string) => `import type { NewEvent } from './events.js';\nexport const event: NewEvent = ${event};`;
    const wrong = (event: string) => compile(shipped, use(event)).join('\n');
    expect(wrong("{ type: 'sync.done', data: {} }")).toMatch('\'"sync.done"\' is not assignable');
    expect(wrong("{ type: 'sync.failed', data: { user_id: 'a' } }")).toMatch("'{ user_id: string; }' is not assignable");
    expect(wrong("{ type: 'sync.failed', data: { user_id: 1, error_message: '' } }")).toMatch("'number' is not assignable");
  });

  test('tell the data of a webhook by its type', () => {
    const code = `import type { WebhookBody } from './events.js';
      export const itemsOf = (body: WebhookBody): number => (body.type === 'sync.completed' ? body.data.items_synced : 0);`;
    expect(compile(shipped, code)).toEqual([]);
  });

  test('compile whatever a description says', () => {
    const description = 'Ends */ export const x = 1; /* and\n*/ begins';
    const [first] = shipped.map((type) => ({ ...type, versions: type.versions.map((version) => ({ ...version, description })) }));
    expect(compile([first as VersionedType], `import type { Events } from './events.js';\nexport type All = Events;`)).toEqual(
      [],
    );
  });
});

describe('the types of a type with two versions', () => {
  const fields = (name: string) => ({ type: 'object', properties: { [name]: { type: 'string' } }, required: [name] });
  const [{ versions }] = shipped as [VersionedType];
  const [definition] = versions as [VersionedType['versions'][number]];
  const paid = {
    type: 'invoice.paid',
    defaultVersion: 1,
    versions: [1, 2].map((version) => ({ ...definition, version, schema: fields(`in_${String(version)}`) })),
  };
  const compileWith = (code: string) =>
    compile([paid], `import type { EventVersions, NewEvent, WebhookBody } from './events.js';\n${code}`);

  test('take an event of the default version without a version, of each version that is named, and no other', () => {
    const code = `export const events: NewEvent[] = [
      { type: 'invoice.paid', data: { in_1: '' } },
      { type: 'invoice.paid', version: 1, data: { in_1: '' } },
      { type: 'invoice.paid', version: 2, data: { in_2: '' } },
      // @ts-expect-error the data of version 2
      { type: 'invoice.paid', data: { in_2: '' } },
      // @ts-expect-error the data of version 1
      { type: 'invoice.paid', version: 2, data: { in_1: '' } },
      // @ts-expect-error no version
      { type: 'invoice.paid', version: 3, data: { in_1: '' } },
    ];`;
    expect(compileWith(code)).toEqual([]);
  });

  test('make the receiver tell the versions apart', () => {
    const code = `
      export const either = ({ data }: WebhookBody): string => ('in_2' in data ? data.in_2 : data.in_1);
      // @ts-expect-error version 2 has no such field
      export const first = ({ data }: WebhookBody): string => data.in_1;
      export const second: EventVersions['invoice.paid'][2] = { in_2: '' };`;
    expect(compileWith(code)).toEqual([]);
  });
});

describe('the type of a schema', () => {
  test.each<[object | boolean, string]>([
    [{ type: 'integer', minimum: 1 }, 'number'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ enum: ['a', 1, null] }, '"a" | 1 | null'],
    [{ const: { a: ['b'] } }, '{ a: ["b"] }'],
    [{ type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'number' }] } }, '(string | number)[]'],
    [{ type: 'array', prefixItems: [{ type: 'string' }], items: false }, 'string[]'],
    [{ type: 'array' }, 'unknown[]'],
    [{ $ref: '#/$defs/a~1b' }, 'boolean'],
    [{ type: 'object' }, 'Record<string, never>'],
    [{ type: 'object', additionalProperties: { type: 'integer' } }, 'Record<string, number>'],
    [{ properties: { 'a b': true, c: { type: 'string' } }, required: ['c'] }, '{ "a b"?: unknown; c: string; }'],
    [{ properties: { a: { type: 'string' } }, additionalProperties: true }, '{ a?: string; [name: string]: unknown; }'],
    [{ allOf: [{ properties: { a: true } }, { properties: { b: true } }] }, '{ a?: unknown; } & { b?: unknown; }'],
    [{ oneOf: [{ type: 'string' }, { not: { type: 'string' } }] }, 'unknown'],
    [false, 'never'],
    [true, 'unknown'],
  ])('%j is %s', (schema, type) => {
    const root = { $defs: { 'a/b': { type: 'boolean' } } };
    expect(flat(typeOf(schema, { root, keepsUnknownFields: false }, ''))).toBe(type);
  });

  test('has other fields where unknown ones are kept', () => {
    expect(flat(typeOf({ type: 'object', properties: { a: true } }, { root: {}, keepsUnknownFields: true }, ''))).toBe(
      '{ a?: unknown; [name: string]: unknown; }',
    );
  });
});
