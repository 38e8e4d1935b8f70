import { unwrap, type Api, type Schemas } from '../api/api.js';

/** A type as the catalog has it: what all versions share, and the contract of one version. */
export type EventType = Schemas['EventType'];
/** One difference between two contracts. */
export type TypeChange = Schemas['ContractChange'];
/** Whom a change breaks. */
export type Breaks = TypeChange['breaks'][number];
/** A webhook that gets the events of a type. */
export type AffectedWebhook = Schemas['WebhookOfEventType'];
/** The effect of a `PUT`, from its dry run. */
export type EventTypeChanges = Schemas['EventTypeChanges'];

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

/** Reads one page of the catalog, in the order of the names. */
export function listEventTypes({ api }: Api, { search, group, archived }: EventTypeFilter, limit: number, cursor?: string) {
  const query = {
    limit,
    ...(search === '' ? {} : { search }),
    ...(group === '' ? {} : { group }),
    ...(archived ? { archived: 'true' as const } : {}),
    ...(cursor === undefined ? {} : { cursor }),
  };
  return unwrap(api.GET('/api/event-types', { params: { query } }));
}

/** Reads one version of a type; undefined: its default version. */
export function readEventType({ api }: Api, type: string, version?: number) {
  const query = version === undefined ? {} : { version };
  return unwrap(api.GET('/api/event-types/{type}', { params: { path: { type }, query } }));
}

/**
 * Writes a version of a type.
 *
 * @param body the definition as JSON text, sent as it was typed: JavaScript would round the digits of numbers
 */
export async function writeEventType(api: Api, type: string, body: string): Promise<EventType> {
  return (await put(api, type, body, {})) as EventType;
}

/** Reads the effect of writing a version, and writes nothing. */
export async function tryEventType(api: Api, type: string, body: string, signal?: AbortSignal): Promise<EventTypeChanges> {
  return (await put(api, type, body, { dryRun: true, signal })) as EventTypeChanges;
}

function put({ api }: Api, type: string, body: string, options: { dryRun?: boolean; signal?: AbortSignal | undefined }) {
  const { dryRun = false, signal } = options;
  return unwrap(
    api.PUT('/api/event-types/{type}', {
      params: { path: { type }, query: dryRun ? { dry_run: 'true' } : {} },
      body: JSON.parse(body) as Schemas['NewEventType'],
      bodySerializer: () => body,
      ...(signal === undefined ? {} : { signal }),
    }),
  );
}

/** Archives a type, or one of its versions. */
export function archiveEventType({ api }: Api, type: string, version?: number): Promise<unknown> {
  const query = version === undefined ? {} : { version };
  return unwrap(api.DELETE('/api/event-types/{type}', { params: { path: { type }, query } }));
}

/** Marks a type as deprecated, or takes the mark away. */
export function deprecateEventType({ api }: Api, type: string, body: Schemas['Deprecation']) {
  return unwrap(api.POST('/api/event-types/{type}/deprecate', { params: { path: { type } }, body }));
}
