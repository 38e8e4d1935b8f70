import fc from 'fast-check';
import type { Operation } from './api-document.js';

/** A request as it is sent. */
export interface RawRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
}

const NASTY_TEXTS = [
  ...[
    '',
    ' ',
    '\0',
    '\u202e',
    '\ud800',
    'null',
    '-1',
    '0',
    '1e309',
    'NaN',
    '__proto__',
    '../../etc/passwd',
    '%00',
    '%',
    '*',
    '.',
  ],
  ...["' OR 1=1 --", '"', '\\', '{{7*7}}', '<script>', 'sync.*', 'evt_', 'wh_01a20f72-bf62-73aa-bf71-cc66b4490a07', 'é', '𝒳'],
  ...['2026-02-30T00:00:00Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', 'http://[::1', 'x'.repeat(3000)],
];
const nastyText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NASTY_TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);
const nastyValue: fc.Arbitrary<unknown> = fc.oneof(
  nastyText,
  fc.constantFrom(null, true, -1, 0, 2 ** 53, 1e308, 0.1, [], {}, [[]], [null], { a: { a: {} } }, Array(2000).fill('x')),
  fc.jsonValue(),
);

/** A valid value in which one value is replaced, removed or extended. */
function mutated(example: unknown): fc.Arbitrary<unknown> {
  const paths = pathsIn(example);
  return fc
    .tuple(fc.constantFrom(...paths), fc.constantFrom('replace', 'remove', 'add'), nastyText, nastyValue)
    .map(([path, how, key, value]) => change(example, path, (old) => ({ how, key, value, old })) ?? null);
}

/** The paths of a JSON value and of all values in it. */
function pathsIn(value: unknown, path: string[] = []): string[][] {
  const inner =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, item]) => pathsIn(item, [...path, key]))
      : [];
  return [path, ...inner];
}

interface Change {
  how: string;
  key: string;
  value: unknown;
  old: unknown;
}

function change(value: unknown, [first, ...rest]: string[], how: (old: unknown) => Change): unknown {
  if (first === undefined) return apply(how(value));
  const entries = Object.entries(value as object).map(([key, item]) => [
    key,
    key === first ? change(item, rest, how) : (item as unknown),
  ]);
  const changed = Object.fromEntries(entries) as Record<string, unknown>;
  return Array.isArray(value) ? Object.values(changed) : changed;
}

function apply({ how, key, value, old }: Change): unknown {
  if (how === 'remove') return undefined;
  if (how === 'replace' || typeof old !== 'object' || old === null) return value;
  return Array.isArray(old) ? [...(old as unknown[]), value] : { ...old, [key]: value };
}

/** Percent-encodes a text. The detour over bytes replaces half surrogate pairs, of which `encodeURIComponent` throws. */
const escaped = (text: string) => encodeURIComponent(Buffer.from(text).toString());
/** Texts of characters that a header may hold. */
const headerText = nastyText.map((text) => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '').trim());

/** Bytes in percent-encoding that are not UTF-8: Latin-1, half a character, half a surrogate pair, an overlong form. */
const BROKEN_ENCODINGS = ['%E9', 'jos%E9', '%C3', '%ED%A0%BD', '%C0%AF', '%F4%90%80%80', '%', '%zz'];

/** Path segments, never empty: an empty segment is the path of another operation. */
const nastySegment = fc.oneof(
  nastyText.map((text) => escaped(text) || '-'),
  fc.constantFrom(...BROKEN_ENCODINGS, '%E0%A4%A'),
);

function paths({ path }: Operation, ids: Record<string, string>): fc.Arbitrary<string> {
  const segments = path.split('/').map((segment, index, all) => {
    if (!segment.startsWith('{')) return fc.constant(segment);
    return fc.oneof(fc.constant(ids[String(all[index - 1])] ?? 'none'), nastySegment);
  });
  return fc.tuple(...segments).map((parts) => parts.join('/'));
}

function queries({ parameters }: Operation): fc.Arbitrary<string> {
  const names = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  const pair = fc
    .tuple(names.length === 0 ? nastyText : fc.oneof(fc.constantFrom(...names), nastyText), nastyText)
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`);
  const broken = fc
    .tuple(fc.constantFrom(...names, 'a'), fc.constantFrom(...BROKEN_ENCODINGS), fc.boolean())
    .map(([name, bytes, inName]) => (inName ? `${bytes}=${name}` : `${name}=${bytes}`));
  return fc.oneof(
    fc.array(pair, { maxLength: 4 }).map((pairs) => pairs.join('&')),
    pair.map((one) => `${one}&${one}`),
    broken,
    fc.constantFrom('&&&', '%', '=', 'a[b]=c', '?'),
  );
}

function headers({ parameters }: Operation): fc.Arbitrary<Record<string, string>> {
  const names = parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name);
  const name = fc.constantFrom(...names, 'last-event-id', 'accept', 'origin', 'x-request-id', 'x-forwarded-for', 'if-none-match');
  return fc.dictionary(name, headerText, { maxKeys: 3 });
}

const CONTENT_TYPES = [
  ...[
    'application/json',
    'application/json; charset=utf-8',
    'application/json; charset=UTF8',
    'application/json;charset="utf-8"',
  ],
  ...['application/json; charset=utf-16', 'application/json; charset=iso-8859-1', 'application/json; charset=us-ascii'],
  ...['application/json; charset="', 'application/json; charset=', 'text/plain', 'application/json; x="; charset=utf-16"', ''],
];

/** Numbers that parsers round, refuse or write in another way. */
const NUMBERS = [
  ...[
    '1.0',
    '-0',
    '1e2',
    '1E+2',
    '9007199254740993',
    '12345678901234567890',
    '0.1234567890123456789',
    '1e308',
    '1e309',
    '-1e400',
  ],
  ...[
    '1e-400',
    '5e-324',
    '1.00000000000000000001',
    `1${'0'.repeat(400)}`,
    '1e999999999999',
    '01',
    '.5',
    '1.',
    '+1',
    'NaN',
    '0x10',
  ],
];
/** Names that JavaScript treats in its own way, and names that are there twice. */
const NAMES = ['__proto__', '\\u005f_proto__', 'constructor', 'prototype', 'toString', 'type', 'data', 'url', '', '\\ud83d', '1'];
const STRINGS = [
  '"\\ud83d x"',
  '"\\ude00\\ud83d"',
  '"\\ud83d\\ude00"',
  '"\\u0000"',
  '"\\u2028\\u2029\\u0085"',
  '"\\uFFFD"',
  '"\\ufeff"',
];

/** JSON text of an example in which one place holds what `JSON.stringify` never writes: such a number, name or string. */
function unusualText(example: unknown): fc.Arbitrary<string> {
  const MARK = 'the place of the unusual text';
  const members = fc.constantFrom(...NAMES).map((name) => `{"${name}":1}`);
  const twice = fc.constantFrom(...NAMES).map((name) => `{"${name}":1,"a":{},"${name}":{"${name}":2}}`);
  const piece = fc.oneof(fc.constantFrom(...NUMBERS), fc.constantFrom(...STRINGS), members, twice);
  return fc
    .tuple(fc.constantFrom(...pathsIn(example)), fc.constantFrom('replace', 'add'), fc.constantFrom(...NAMES), piece)
    .map(([path, how, key, text]) => {
      const marked = change(example, path, (old) => ({ how, key: `${MARK} as a name`, value: MARK, old }));
      return JSON.stringify(marked).replaceAll(`${MARK} as a name`, key).replaceAll(JSON.stringify(MARK), text);
    });
}

/** Bytes in which one byte is replaced by one or two that are not UTF-8 there. */
function brokenBytes(bytes: Buffer): fc.Arbitrary<Buffer> {
  const broken = fc.constantFrom([0xe9], [0xe8], [0xc3], [0xff], [0xfe, 0xff], [0xc0, 0xaf], [0xed, 0xa0, 0xbd], [0x80]);
  return fc
    .tuple(fc.nat(bytes.length), broken)
    .map(([at, piece]) => Buffer.concat([bytes.subarray(0, at), Buffer.from(piece), bytes.subarray(at + 1)]));
}

function bodies({ example }: Operation): fc.Arbitrary<{ body?: Buffer; headers: Record<string, string> }> {
  const asJson = (body: Buffer) => ({ body, headers: { 'content-type': 'application/json' } });
  const json = (arbitrary: fc.Arbitrary<unknown>) => arbitrary.map((value) => asJson(Buffer.from(JSON.stringify(value))));
  const raw = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc
      .constantFrom('[', '{"a":', '[1,]', '"', '{"a":1,"a":2}', '\ufeff{}', '[['.repeat(5000), '{"a":'.repeat(5000))
      .map((json) => Buffer.from(json)),
  );
  return fc.oneof(
    ...(example === undefined
      ? []
      : [
          { weight: 6, arbitrary: json(mutated(example)) },
          { weight: 3, arbitrary: unusualText(example).map((text) => asJson(Buffer.from(text))) },
          { weight: 2, arbitrary: brokenBytes(Buffer.from(JSON.stringify(example))).map(asJson) },
        ]),
    { weight: 2, arbitrary: json(nastyValue) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(raw, fc.constantFrom(...CONTENT_TYPES), fc.constantFrom('', 'gzip', 'br', 'zip'))
        .map(([body, type, encoding]) => ({
          body,
          headers: {
            ...(type === '' ? {} : { 'content-type': type }),
            ...(encoding === '' ? {} : { 'content-encoding': encoding }),
          },
        })),
    },
    { weight: 1, arbitrary: fc.constant({ headers: {} }) },
  );
}

/**
 * Generates requests to an operation with any number of errors, also none.
 *
 * @param ids the ids of existing resources, by the path segment before the id
 */
export function malformedRequests(operation: Operation, ids: Record<string, string>): fc.Arbitrary<RawRequest> {
  const withBody = ['post', 'patch'].includes(operation.method) ? bodies(operation) : fc.constant({ headers: {} });
  return fc
    .tuple(paths(operation, ids), queries(operation), headers(operation), withBody)
    .map(([path, query, more, { headers: bodyHeaders, ...body }]) => ({
      method: operation.method.toUpperCase(),
      path: query === '' ? path : `${path}?${query}`,
      headers: { ...more, ...bodyHeaders },
      ...body,
    }));
}
