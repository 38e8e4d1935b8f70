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

/** Path segments, never empty: an empty segment is the path of another operation. */
const nastySegment = fc.oneof(
  nastyText.map((text) => escaped(text) || '-'),
  fc.constantFrom('%', '%E0%A4%A'),
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
  return fc.oneof(
    fc.array(pair, { maxLength: 4 }).map((pairs) => pairs.join('&')),
    fc.constantFrom('&&&', '%', '=', 'a[b]=c', '?'),
  );
}

function headers({ parameters }: Operation): fc.Arbitrary<Record<string, string>> {
  const names = parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name);
  const name = fc.constantFrom(...names, 'last-event-id', 'accept', 'origin', 'x-request-id', 'x-forwarded-for', 'if-none-match');
  return fc.dictionary(name, headerText, { maxKeys: 3 });
}

const CONTENT_TYPES = ['application/json', 'application/json; charset=utf-16', 'text/plain', 'application/json; charset="', ''];

function bodies({ example }: Operation): fc.Arbitrary<{ body?: Buffer; headers: Record<string, string> }> {
  const json = (arbitrary: fc.Arbitrary<unknown>) =>
    arbitrary.map((value) => ({
      body: Buffer.from(JSON.stringify(value)),
      headers: { 'content-type': 'application/json' },
    }));
  const raw = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc
      .constantFrom('[', '{"a":', '[1,]', '"', '{"a":1,"a":2}', '\ufeff{}', '[['.repeat(5000), '{"a":'.repeat(5000))
      .map((json) => Buffer.from(json)),
  );
  return fc.oneof(
    ...(example === undefined ? [] : [{ weight: 6, arbitrary: json(mutated(example)) }]),
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
