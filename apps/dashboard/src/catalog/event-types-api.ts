import { unwrap, type Api, type Page } from '../api/api.js';

/** A type as the catalog has it: what all versions share, and the contract of one version. */
export interface EventType {
  type: string;
  version: number;
  default_version: number;
  /** The versions that are not archived, ascending. */
  versions: number[];
  title: string | null;
  description: string;
  group: string | null;
  audience: 'everyone' | 'owner';
  owner_field: string | null;
  schema: Record<string, unknown>;
  examples: Record<string, unknown>[];
  unknown_fields: 'refuse' | 'keep';
  deprecated_at: string | null;
  replaced_by: string | null;
  archived_at: string | null;
  created_at: string;
  updated_at: string;
}

/** Whom a change breaks. */
export type Breaks = 'publishers' | 'receivers';

/** One difference between two contracts. */
export interface TypeChange {
  path: string;
  kind: string;
  breaks: Breaks[];
  message: string;
}

/** A webhook that gets the events of a type. */
export interface AffectedWebhook {
  id: string;
  owner: string;
  event_types: string[];
}

/** The effect of a `PUT`, from its dry run. */
export interface EventTypeChanges {
  creates: 'type' | 'version' | null;
  becomes_default: boolean;
  breaks: Breaks[];
  changes: TypeChange[];
  webhooks: AffectedWebhook[];
  more_webhooks: boolean;
}

/** The filters of the catalog. Empty texts match everything. */
export interface EventTypeFilter {
  search: string;
  group: string;
  archived: boolean;
}

/** Where a definition is written: to a version, and whether that one becomes the default. */
export interface Target {
  version?: number;
  default?: boolean;
}

type Answer<Data> = Promise<{ data?: Data; error?: unknown; response: Response }>;

/** The routes of event types. */
interface Routes {
  GET: {
    (path: '/api/event-types', init: { params: { query: Record<string, unknown> } }): Answer<Page<EventType>>;
    (
      path: '/api/event-types/{type}',
      init: { params: { path: { type: string }; query: { version?: number } } },
    ): Answer<EventType>;
  };
  PUT: <Result>(
    path: '/api/event-types/{type}',
    init: {
      params: { path: { type: string }; query?: { dry_run?: boolean } };
      body: unknown;
      bodySerializer: () => string;
      signal?: AbortSignal;
    },
  ) => Answer<Result>;
  DELETE: (
    path: '/api/event-types/{type}',
    init: { params: { path: { type: string }; query: { version?: number } } },
  ) => Answer<undefined>;
  POST: (
    path: '/api/event-types/{type}/deprecate',
    init: { params: { path: { type: string } }; body: { replaced_by?: string | null; deprecated?: boolean } },
  ) => Answer<EventType>;
}
const routes = ({ api }: Api): Routes => api as unknown as Routes;

/** Reads one page of the catalog, in the order of the names. */
export function listEventTypes(api: Api, { search, group, archived }: EventTypeFilter, limit: number, cursor?: string) {
  const query = {
    limit,
    ...(search === '' ? {} : { search }),
    ...(group === '' ? {} : { group }),
    ...(archived ? { archived } : {}),
    ...(cursor === undefined ? {} : { cursor }),
  };
  return unwrap(routes(api).GET('/api/event-types', { params: { query } }));
}

/** Reads one version of a type; undefined: its default version. */
export function readEventType(api: Api, type: string, version?: number) {
  const query = version === undefined ? {} : { version };
  return unwrap(routes(api).GET('/api/event-types/{type}', { params: { path: { type }, query } }));
}

/**
 * Writes a version of a type.
 *
 * @param body the definition as JSON text, sent as it was typed: JavaScript would round the digits of numbers
 */
export function writeEventType(api: Api, type: string, body: string): Promise<EventType> {
  const init = { params: { path: { type } }, body: {}, bodySerializer: () => body };
  return unwrap(routes(api).PUT<EventType>('/api/event-types/{type}', init));
}

/** Reads the effect of writing a version, and writes nothing. */
export function tryEventType(api: Api, type: string, body: string, signal?: AbortSignal): Promise<EventTypeChanges> {
  const init = {
    params: { path: { type }, query: { dry_run: true } },
    body: {},
    bodySerializer: () => body,
    ...(signal === undefined ? {} : { signal }),
  };
  return unwrap(routes(api).PUT<EventTypeChanges>('/api/event-types/{type}', init));
}

/** Archives a type, or one of its versions. */
export function archiveEventType(api: Api, type: string, version?: number): Promise<unknown> {
  const query = version === undefined ? {} : { version };
  return unwrap(routes(api).DELETE('/api/event-types/{type}', { params: { path: { type }, query } }));
}

/** Marks a type as deprecated, or takes the mark away. */
export function deprecateEventType(api: Api, type: string, body: { replaced_by?: string | null; deprecated?: boolean }) {
  return unwrap(routes(api).POST('/api/event-types/{type}/deprecate', { params: { path: { type } }, body }));
}
