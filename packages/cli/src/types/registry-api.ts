import { setTimeout } from 'node:timers/promises';
import type { ContractChange } from '@tidings/event-types';
import type { Definition } from '@tidings/event-types/definitions';
import { Failure } from '../failure.js';
import { unwrap, type Server } from '../server.js';

/** One version of an event type, as the API returns it. */
export interface EventType extends Omit<Definition, 'version'> {
  version: number;
  default_version: number;
  /** The versions that are not archived, in ascending order. */
  versions: number[];
  deprecated_at: string | null;
  replaced_by: string | null;
  archived_at: string | null;
  created_at: string;
  updated_at: string;
}

/** A webhook that gets the events of a type. */
export interface AffectedWebhook {
  id: string;
  owner: string;
  event_types: string[];
}

/** The result of a dry run: what writing a version would do. */
export interface EventTypeChanges {
  creates: 'type' | 'version' | null;
  becomes_default: boolean;
  /** Whom the change of an existing version breaks: the server refuses it. Empty where only the default version changes. */
  breaks: ContractChange['breaks'];
  changes: ContractChange[];
  /** At most 100 of them. */
  webhooks: AffectedWebhook[];
  more_webhooks: boolean;
}

/** Selects event types of the list. */
export interface EventTypeQuery {
  search?: string | undefined;
  group?: string | undefined;
  archived?: boolean | undefined;
}

interface Page {
  data: EventType[];
  next_cursor: string | null;
}

const PAGE = 200;
const LIST = '/api/event-types';

/** Reads all event types that match the query, page by page, each in its default version. */
export async function listEventTypes(server: Server, query: EventTypeQuery = {}): Promise<EventType[]> {
  const types: EventType[] = [];
  let cursor: string | null = null;
  do {
    const page: Page = await call(server, 'GET', LIST, { ...query, limit: PAGE, cursor: cursor ?? undefined });
    types.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return types;
}

/** Reads a version of an event type, by default the default version. Throws a `Failure` when there is none. */
export function readEventType(server: Server, type: string, version?: number): Promise<EventType> {
  return call(server, 'GET', pathOf(type), { version });
}

/** Reads a version of an event type like `readEventType`. Undefined: there is none. */
export async function findEventType(server: Server, type: string, version?: number): Promise<EventType | undefined> {
  try {
    return await readEventType(server, type, version);
  } catch (error) {
    if (error instanceof Failure && 'status' in error.details && error.details.status === 404) return undefined;
    throw error;
  }
}

/** Returns what writing the definition would do, and writes nothing. */
export function dryRun(server: Server, definition: Definition, isDefault?: true): Promise<EventTypeChanges> {
  return call(server, 'PUT', pathOf(definition.type), { dry_run: true }, bodyOf(definition, isDefault));
}

/** Creates or replaces a version of an event type. */
export function writeEventType(server: Server, definition: Definition, isDefault?: true): Promise<EventType> {
  return call(server, 'PUT', pathOf(definition.type), {}, bodyOf(definition, isDefault));
}

/** Archives an event type, or one version of it. */
export function archiveEventType(server: Server, type: string, version?: number): Promise<void> {
  return call(server, 'DELETE', pathOf(type), { version });
}

/** Marks an event type as deprecated, or no longer so. */
export function deprecateEventType(
  server: Server,
  type: string,
  body: { replaced_by?: string; deprecated?: boolean },
): Promise<EventType> {
  return call(server, 'POST', `${pathOf(type)}/deprecate`, {}, body);
}

/** Returns the definition of a version that the API serves. */
export function definitionOf(served: EventType): Definition {
  const { type, version, title, description, group, audience, owner_field, unknown_fields, schema, examples } = served;
  return { type, version, title, description, group, audience, owner_field, unknown_fields, schema, examples };
}

const pathOf = (type: string): string => `${LIST}/${encodeURIComponent(type)}`;

/** Writes a definition as the body of a PUT: without the name, and without fields that say nothing. */
function bodyOf({ type: _, ...fields }: Definition, isDefault: true | undefined): object {
  const present = Object.entries({ ...fields, default: isDefault }).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(present);
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Calls a route, again after `Retry-After` while the server limits the rate: a push of many types has more requests than a minute allows. */
async function call<Data>(server: Server, method: string, path: string, query: Query, body?: object): Promise<Data> {
  const url = new URL(`${server.url}${path}`);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' };
  const send = async () => {
    const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    const parsed: unknown = text === '' ? undefined : JSON.parse(text);
    return response.ok ? { data: parsed as Data, response } : { error: parsed, response };
  };
  for (;;) {
    const sent = send();
    const waitSeconds = await sent.then(
      ({ response: { status, headers: answered } }) => (status === 429 ? Number(answered.get('retry-after') ?? 1) : undefined),
      () => undefined,
    );
    if (waitSeconds === undefined) return unwrap<Data>(server, sent);
    await setTimeout(waitSeconds * 1000);
  }
}
