import { gzipSync } from 'node:zlib';
import type { BudgetRequest } from './exchange.js';

/** The parts of an operation of the OpenAPI document from which its worst requests follow. */
export interface BudgetOperation {
  operationId: string;
  method: string;
  path: string;
  parameters: readonly { name: string; in: string }[];
  /** The example of the body; undefined: it has none. */
  example: unknown;
}

/** The size of the request line and the headers that the server accepts, in bytes, with room for those of each request. */
const HEAD_BYTES = 15_500;
/** The sizes of bodies that the server accepts: that of published events, and that of all others. */
const BODY_BYTES = { events: 1_048_576, other: 32_768 };

/** Repeats a text until it has `bytes` bytes. */
const fill = (text: string, bytes: number): string => text.repeat(Math.max(1, Math.floor(bytes / text.length)));
/** Joins `make(0)`, `make(1)` … with commas until they have `bytes` bytes. */
function list(bytes: number, make: (index: number) => string): string {
  const parts: string[] = [];
  for (let size = 0, index = 0; size < bytes; index += 1) {
    const part = make(index);
    size += part.length + 1;
    if (size < bytes) parts.push(part);
  }
  return parts.join(',');
}

/** Texts that a program reads slowly if it does not read them in one pass: of secrets, URLs, times, numbers, lists and paths. */
const TEXTS: Record<string, string> = {
  letters: 'a',
  digits: '9',
  nines: '9.9e9',
  spaces: ' a',
  commas: ',',
  dots: 'a.',
  slashes: '/a',
  quotes: '"\\',
  percent: '%25',
  encoded: '%F0%9F%98%80',
  types: 'sync.*,',
  unknownTypes: 'a.*,',
  jwt: 'eyJhbGciOi.',
  secrets: 'whsec_',
  keys: 'tk_',
  bearer: 'Bearer%20',
  url: 'postgres://a:b@',
  statuses: 'failed,',
  time: '2026-01-01T00:00:00',
  identifier: 'wh_01a20f72-bf62-73aa-bf71-cc66b4490a07',
};

/** Headers that the API, its libraries or Node read, and values that take long to read. */
const HEADERS: Record<string, readonly [name: string, value: (bytes: number) => string]> = {
  'a token of letters': ['authorization', (bytes) => `Bearer ${fill('a', bytes)}`],
  'a token of dots': ['authorization', (bytes) => `Bearer ${fill('a.', bytes)}`],
  'a token of spaces': ['authorization', (bytes) => `Bearer${fill(' ', bytes)}x`],
  'a token with a deep header': [
    'authorization',
    (bytes) => `Bearer ${base64(fill('[', bytes / 2))}.${base64(fill('{"a":', bytes / 6))}.x`,
  ],
  'a token with many claims': [
    'authorization',
    (bytes) =>
      `Bearer ${base64('{"alg":"HS256"}')}.${base64(`{${list(bytes * 0.7, (index) => `"${index.toString(36)}":1`)}}`)}.x`,
  ],
  'a token with many scopes': [
    'authorization',
    (bytes) => `Bearer ${base64('{"alg":"HS256"}')}.${base64(`{"sub":"a","scope":"${fill('a ', bytes * 0.7)}"}`)}.x`,
  ],
  cookies: ['cookie', (bytes) => fill('a=1; ', bytes)],
  addresses: ['x-forwarded-for', (bytes) => fill('1.1.1.1, ', bytes)],
  'one address': ['x-forwarded-for', (bytes) => fill(':', bytes)],
  types: ['accept', (bytes) => fill('a/b;q=0.1, ', bytes)],
  'types of spaces': ['accept', (bytes) => `a${fill(' ', bytes)};q=x`],
  'types of quotes': ['accept', (bytes) => fill('a/b;c="\\', bytes)],
  encodings: ['accept-encoding', (bytes) => fill('a;q=0.1, ', bytes)],
  languages: ['accept-language', (bytes) => fill('a;q=0.1, ', bytes)],
  'a content type': ['content-type', (bytes) => `application/json${fill('; a=b', bytes)}`],
  'a charset': ['content-type', (bytes) => `application/json; charset=${fill('a', bytes)}`],
  'spaces of a content type': ['content-type', (bytes) => `application/json;${fill(' ', bytes)}x`],
  'an event id': ['last-event-id', (bytes) => fill('é', bytes)],
  'a key': ['idempotency-key', (bytes) => fill('a', bytes)],
  tags: ['if-none-match', (bytes) => fill('"a", ', bytes)],
  ranges: ['range', (bytes) => `bytes=${fill('0-1,', bytes)}`],
  trace: ['tracestate', (bytes) => fill('a=b,', bytes)],
  baggage: ['baggage', (bytes) => fill('a=b,', bytes)],
  origin: ['origin', (bytes) => `http://${fill('a.', bytes)}`],
};
const base64 = (text: string): string => Buffer.from(text).toString('base64url');

/** JSON texts of up to `bytes` bytes that a parser or a schema reads slowly, or that it reports many faults of. */
const JSON_TEXTS: Record<string, (bytes: number) => string> = {
  'lists in lists': (bytes) => fill('[', bytes),
  'objects in objects': (bytes) => fill('{"a":', bytes),
  'many deep lists': (bytes) => `[${list(bytes - 2, () => `${'['.repeat(60)}${']'.repeat(60)}`)}]`,
  'empty objects': (bytes) => `[${list(bytes - 2, () => '{}')}]`,
  'empty lists': (bytes) => `[${list(bytes - 2, () => '[]')}]`,
  'many names': (bytes) => `{${list(bytes - 2, (index) => `"${index.toString(36)}":1`)}}`,
  'the same name': (bytes) => `{${list(bytes - 2, () => '"a":1')}}`,
  'forbidden names': (bytes) => `{${list(bytes - 2, () => '"__proto__":1')}}`,
  'names of headers': (bytes) => `{${list(bytes - 2, (index) => `"x-${index.toString(36)}":"a"`)}}`,
  'names that differ in case': (bytes) => `{${list(bytes - 2, (index) => `"${caseOf(index)}":"a"`)}}`,
  'a long text': (bytes) => `"${fill('a', bytes - 2)}"`,
  'a long text of dots': (bytes) => `"${fill('a.', bytes - 2)}"`,
  escapes: (bytes) => `"${fill('\\u0061', bytes - 2)}"`,
  'half characters': (bytes) => `"${fill('\\ud800', bytes - 2)}"`,
  'texts with half characters': (bytes) => `[${list(bytes - 2, () => '"\\ud800"')}]`,
  'a long URL': (bytes) => `"https://${fill('a.', bytes - 12)}b/"`,
  'a long name of a host': (bytes) => `"https://${fill('xn--a.', bytes - 12)}/"`,
  'letters of many bytes': (bytes) => `"${fill('😀', bytes / 2 - 2)}"`,
  'a long number': (bytes) => fill('9', bytes),
  'long numbers': (bytes) => `[${list(bytes - 2, () => `0.${'123456789'.repeat(30)}`)}]`,
  numbers: (bytes) => `[${list(bytes - 2, (index) => String(index % 10))}]`,
  'numbers with exponents': (bytes) => `[${list(bytes - 2, () => '1e999')}]`,
  texts: (bytes) => `[${list(bytes - 2, () => '"a"')}]`,
  'event types': (bytes) => `[${list(bytes - 2, () => '"sync.*"')}]`,
  'unknown event types': (bytes) => `[${list(bytes - 2, () => '"a.*"')}]`,
  spaces: (bytes) => `${fill(' ', bytes - 2)}{}`,
};

/** Writes a number as letters of either case. */
function caseOf(index: number): string {
  return Array.from({ length: 16 }, (_, bit) => ((index >> bit) & 1 ? 'A' : 'a')).join('');
}

/** The places of an example's values: each is replaced by a worst value. */
function placesIn(value: unknown, place: readonly string[] = []): (readonly string[])[] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [place, ...inner.flatMap(([key, item]) => placesIn(item, [...place, key]))];
}

/** Writes a value with the JSON text `worst` at a place. */
function writeWith(value: unknown, [key, ...rest]: readonly string[], worst: string): string {
  if (key === undefined) return worst;
  const entries = Object.entries(value as object).map(
    ([name, item]) => [name, name === key ? writeWith(item, rest, worst) : JSON.stringify(item)] as const,
  );
  return Array.isArray(value)
    ? `[${entries.map(([, text]) => text).join(',')}]`
    : `{${entries.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}

function* bodies({ operationId, example }: BudgetOperation): Generator<[name: string, body: Buffer, encoding?: string]> {
  if (example === undefined) return;
  const isPublishing = operationId === 'publishEvents';
  const bytes = isPublishing ? BODY_BYTES.events : BODY_BYTES.other;
  for (const place of placesIn(example)) {
    const room = bytes - Buffer.byteLength(writeWith(example, place, ''));
    for (const [name, write] of Object.entries(JSON_TEXTS)) {
      const where = place.length === 0 ? 'as the body' : `in ${place.join('.')}`;
      yield [`${name} ${where}`, Buffer.from(writeWith(example, place, write(room))).subarray(0, bytes)];
    }
  }
  yield ['many unknown fields', Buffer.from(`{${list(bytes - 2, (index) => `"f${index.toString(36)}":{"a":[]}`)}}`)];
  yield ['beyond the limit', Buffer.alloc(BODY_BYTES.events, ' ')];
  yield ['compressed spaces', gzipSync(Buffer.alloc(64 * BODY_BYTES.events, ' ')), 'gzip'];
  yield ['compressed lists', gzipSync(Buffer.from(JSON_TEXTS['empty lists']?.(bytes) ?? '')), 'gzip'];
  if (!isPublishing) return;
  const batch = (event: (index: number) => string, most = Infinity) => {
    let count = 0;
    return Buffer.from(`{"events":[${list(bytes - 12, (index) => ((count += 1) > most ? ' '.repeat(2000) : event(index)))}]}`);
  };
  yield ['a batch of empty objects', batch(() => '{}')];
  yield ['a batch of empty texts', batch(() => '""')];
  yield ['a batch of unknown types', batch(() => '{"type":"x","data":{}}')];
  yield ['a batch of unknown fields', batch((index) => `{"type":"sync.failed","data":{"f${String(index)}":1}}`)];
  yield [
    'a batch of empty data',
    Buffer.from(JSON.stringify({ events: Array(1000).fill({ type: 'sync.completed', data: {} }) })),
  ];
  yield [
    'a batch of many unknown fields',
    Buffer.from(
      JSON.stringify({
        events: Array(1000).fill({
          type: 'sync.completed',
          data: Object.fromEntries(Array.from({ length: 150 }, (_, n) => [n.toString(36), 1])),
        }),
      }),
    ),
  ];
}

/**
 * Returns requests to an operation that try to cost as much as they can: with the worst 16 KB of headers, path and query, and the worst
 * body of the size that the server accepts. They need no state.
 *
 * @param path the path of the operation, with ids
 */
export function* worstRequests(operation: BudgetOperation, path: string): Generator<BudgetRequest> {
  const { method, parameters } = operation;
  const request = (name: string, more: Partial<BudgetRequest>): BudgetRequest => ({
    name,
    method,
    target: path,
    headers: [],
    ...more,
  });

  for (const [name, [header, value]] of Object.entries(HEADERS))
    yield request(`header: ${name}`, { headers: [[header, value(HEAD_BYTES - path.length - 200)]] });
  yield request('header: many', { headers: Array.from({ length: 95 }, (_, index) => [`x-${String(index)}`, 'a'.repeat(140)]) });
  yield request('header: one many times', {
    headers: Array.from({ length: 95 }, () => ['x-forwarded-for', '1.1.1.1, '.repeat(16)]),
  });

  const room = HEAD_BYTES - path.length - 600;
  const queries = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  const idAt = path.search(/[a-z]{2,3}_/);
  for (const [kind, text] of Object.entries(TEXTS)) {
    const long = encodeSpaces(fill(text, room));
    for (const name of queries) yield request(`query: ${name} of ${kind}`, { target: `${path}?${name}=${long}` });
    if (idAt !== -1) yield request(`path: an id of ${kind}`, { target: path.slice(0, idAt) + long });
  }
  yield request('path: more', { target: `${path}${fill('/a', room)}` });
  for (const name of [...queries, 'a'])
    yield request(`query: ${name} many times`, { target: `${path}?${fill(`${name}=1&`, room)}` });
  yield request('query: many names', { target: `${path}?${list(room, (index) => index.toString(36)).replaceAll(',', '&')}` });
  yield request('query: separators', { target: `${path}?${fill('&', room)}` });

  for (const [name, body, encoding] of bodies(operation)) {
    const more: [string, string][] = encoding === undefined ? [] : [['content-encoding', encoding]];
    yield request(`body: ${name}`, { headers: [['content-type', 'application/json'], ...more], body });
  }
}

const encodeSpaces = (text: string): string => text.replaceAll(' ', '%20').replaceAll('"', '%22').replaceAll('\\', '%5C');
