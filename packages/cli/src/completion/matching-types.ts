import { openServer, unwrap, type Server, type ServerOptions } from '../server.js';
import type { Io } from '../io.js';

/** How long a user who presses Tab waits for the server. */
const LIMIT_MS = 1000;
const PAGE = 200;

interface ListedType {
  type: string;
  versions: number[];
}

/** Returns the names of the server's event types that begin with the word. */
export async function matchingTypes(word: string, options: ServerOptions, io: Pick<Io, 'env'>): Promise<string[]> {
  return (await listTypes(openServer(options, io), word)).map(({ type }) => type);
}

/**
 * Returns lists that begin with `word`, a list of patterns, whose last pattern is completed: to a type, to `prefix.*`, and behind
 * an `@` to a version.
 */
export async function matchingPatterns(word: string, options: ServerOptions, io: Pick<Io, 'env'>): Promise<string[]> {
  const start = word.lastIndexOf(',') + 1;
  const pattern = word.slice(start);
  const [name = ''] = pattern.split(/[@*]/, 1);
  const types = await listTypes(openServer(options, io), name);
  const names = types.map(({ type }) => type);
  const patterns = pattern.includes('@')
    ? types.flatMap(({ type, versions }) => versions.map((version) => `${type}@${String(version)}`))
    : [...new Set(names.flatMap(prefixesOf)), ...names];
  return patterns.filter((one) => one.startsWith(pattern)).map((one) => word.slice(0, start) + one);
}

/** Returns `a.*` and `a.b.*` for `a.b.c`. */
function prefixesOf(type: string): string[] {
  return [...type.matchAll(/\./g)].map(({ index }) => `${type.slice(0, index)}.*`);
}

async function listTypes(server: Server, prefix: string): Promise<ListedType[]> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const types: ListedType[] = [];
  let cursor: string | null = null;
  do {
    const query = { limit: PAGE, ...(prefix === '' ? {} : { search: prefix }), ...(cursor === null ? {} : { cursor }) };
    const page: { data: ListedType[]; next_cursor: string | null } = await unwrap(
      server,
      server.api.GET('/api/event-types', { params: { query }, signal }),
    );
    // The search also finds titles, descriptions and other parts of a name.
    types.push(...page.data.filter(({ type }) => type.startsWith(prefix)));
    cursor = page.next_cursor;
  } while (cursor !== null);
  return types;
}
