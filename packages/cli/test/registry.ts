import { createServer, type IncomingMessage } from 'node:http';
import jwt from 'jsonwebtoken';
import { brokenBy, compareContracts } from '@tidings/event-types';
import { contractOf, shippedDefinitions, type Definition } from '@tidings/event-types/definitions';
import { listenOnOwnPort } from '@tidings/testing';
import type { AffectedWebhook, EventType, EventTypeChanges } from '../src/types/registry-api.js';
import { openTerminal, type Terminal } from './cli.js';

/** A server that keeps event types in memory, as the API does in PostgreSQL: enough of its routes for `tidings types`. */
export interface Registry {
  /** The requests that wrote something: `PUT sync.completed 2`. */
  writes: readonly string[];
  /** Answers the next requests with 429, this many of them. */
  limitRate: (count: number) => void;
  terminal: Terminal;
  /** The environment of its terminal. */
  env: { TIDINGS_URL: string; TIDINGS_TOKEN: string };
  close: () => void;
}

interface StoredType {
  defaultVersion: number;
  versions: Map<number, Definition>;
  archivedVersions: Set<number>;
  archived: boolean;
  deprecated: boolean;
  replacedBy: string | null;
}

type Answer = [status: number, body?: object];
type Body = Partial<Definition> & { default?: boolean; replaced_by?: string; deprecated?: boolean };

/** The webhook that gets every type. */
export const WEBHOOK: AffectedWebhook = { id: 'wh_1', owner: 'alice', event_types: ['*'] };

const TIME = '2026-11-30T10:00:00.000Z';
const problem = (status: number, title: string, more: object = {}): Answer => [status, { title, status, ...more }];

/**
 * Starts a registry with the types of a new installation.
 *
 * @param pageSize how many types a page of the list has
 */
export async function startRegistry({ pageSize = 2 }: { pageSize?: number } = {}): Promise<Registry> {
  const types = new Map<string, StoredType>();
  const writes: string[] = [];
  let toLimit = 0;

  const toJson = (type: string, stored: StoredType, version = stored.defaultVersion): EventType => ({
    ...(stored.versions.get(version) as Definition),
    type,
    version,
    default_version: stored.defaultVersion,
    versions: [...stored.versions.keys()].filter((one) => !stored.archivedVersions.has(one)),
    deprecated_at: stored.deprecated ? TIME : null,
    replaced_by: stored.replacedBy,
    archived_at: stored.archived ? TIME : null,
    created_at: TIME,
    updated_at: TIME,
  });

  const put = (type: string, { default: isDefault = false, ...fields }: Body, isDry: boolean): Answer => {
    const definition = { title: null, group: null, owner_field: null, examples: [], ...fields, type } as Definition;
    const stored = types.get(type);
    const version = definition.version ?? stored?.defaultVersion ?? 1;
    const next = stored === undefined ? 1 : Math.max(...stored.versions.keys()) + 1;
    if (version > next)
      return problem(400, 'Not valid.', { errors: [{ field: 'version', message: `must be at most ${String(next)}` }] });
    const compared = stored?.versions.get(isDefault ? stored.defaultVersion : version);
    const changes = compared === undefined ? [] : compareContracts(contractOf(compared), contractOf(definition));
    // Another default version is not refused, whomever it breaks.
    const breaks = isDefault ? [] : brokenBy(changes);
    const creates = stored === undefined ? 'type' : stored.versions.has(version) ? null : 'version';
    const found: EventTypeChanges = {
      ...{ creates, becomes_default: isDefault, breaks, changes },
      ...{ webhooks: [WEBHOOK], more_webhooks: false },
    };
    if (isDry) return [200, found];
    if (breaks.length > 0) return problem(409, 'A breaking change.');
    writes.push(`PUT ${type} ${String(version)}`);
    const written = stored ?? {
      defaultVersion: 1,
      versions: new Map(),
      archivedVersions: new Set(),
      archived: false,
      deprecated: false,
      replacedBy: null,
    };
    written.versions.set(version, { ...definition, version });
    written.archived = false;
    written.archivedVersions.delete(version);
    if (isDefault) written.defaultVersion = version;
    types.set(type, written);
    return [creates === null ? 200 : 201, toJson(type, written, version)];
  };

  const list = (query: URLSearchParams): Answer => {
    const isWanted = (one: EventType): boolean =>
      (query.get('archived') === 'true') === (one.archived_at !== null) &&
      one.type.includes(query.get('search') ?? '') &&
      (query.get('group') ?? one.group) === one.group;
    const all = [...types].map(([type, stored]) => toJson(type, stored)).filter(isWanted);
    const start = Number(query.get('cursor') ?? 0);
    const end = start + pageSize;
    return [200, { data: all.slice(start, end), next_cursor: end < all.length ? String(end) : null }];
  };

  const answer = (method: string, { pathname, searchParams: query }: URL, body: Body): Answer => {
    const [, type, action] = /^\/api\/event-types(?:\/([^/]+))?(?:\/(deprecate))?$/.exec(pathname) ?? [];
    if (type === undefined) return list(query);
    if (method === 'PUT') return put(type, body, query.get('dry_run') === 'true');
    const stored = types.get(type);
    const version = query.has('version') ? Number(query.get('version')) : undefined;
    if (stored === undefined || (version !== undefined && !stored.versions.has(version))) return problem(404, 'Not found.');
    if (method === 'GET') return [200, toJson(type, stored, version)];
    writes.push([action === undefined ? 'DELETE' : 'POST', type, ...(version === undefined ? [] : [version])].join(' '));
    if (action !== undefined) {
      stored.deprecated = body.deprecated ?? true;
      stored.replacedBy = body.replaced_by ?? null;
      return [200, toJson(type, stored)];
    }
    if (version === undefined) stored.archived = true;
    else stored.archivedVersions.add(version);
    return [204];
  };

  const server = createServer((request, response) => {
    void read(request).then((body) => {
      toLimit -= 1;
      const url = new URL(request.url ?? '/', 'http://localhost');
      const [status, answered] = toLimit >= 0 ? problem(429, 'Too many requests.') : answer(request.method ?? '', url, body);
      response.writeHead(status, { 'retry-after': '0' }).end(answered === undefined ? '' : JSON.stringify(answered));
    });
  });
  for (const { type, ...definition } of shippedDefinitions()) put(type, definition, false);
  writes.length = 0;
  const port = await listenOnOwnPort(server);
  const env = {
    TIDINGS_URL: `http://127.0.0.1:${String(port)}`,
    TIDINGS_TOKEN: jwt.sign({ sub: 'alice' }, 'a secret of at least 32 characters, for tests'),
  };
  return {
    writes,
    limitRate(count) {
      toLimit = count;
    },
    terminal: openTerminal(env),
    env,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function read(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return (chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString())) as Body;
}
