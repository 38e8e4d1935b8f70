import type { Queryable } from '../database.js';

/** What all versions of an event type share. */
export interface EventTypeRow {
  name: string;
  title: string | null;
  description: string;
  group: string | null;
  /** The version of events that name none. */
  defaultVersion: number;
  deprecatedAt: Date | null;
  /** The type to use instead. */
  replacedBy: string | null;
  /** Since when its events are refused; null: they are accepted. */
  archivedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
  /** Another one after each change of the type or a version of it, also after PostgreSQL was put back. */
  revision: string;
}

/** A version of an event type. */
export interface EventTypeVersionRow {
  type: string;
  version: number;
  audience: 'everyone' | 'owner';
  ownerField: string;
  unknownFields: 'refuse' | 'keep';
  /** JSON Schema, draft 2020-12. */
  schema: Readonly<Record<string, unknown>>;
  examples: readonly unknown[];
  createdAt: Date;
  archivedAt: Date | null;
}

/** An event type with its versions, in their order. */
export interface StoredEventType extends EventTypeRow {
  versions: readonly EventTypeVersionRow[];
}

/** The state before any type was ever written. */
export const NO_EVENT_TYPES_YET = '00000000-0000-0000-0000-000000000000';

/** Reads the state of all event types, which is another one after each change: one row. */
export async function readEventTypeState(sql: Queryable): Promise<string> {
  const { rows } = await sql.query<{ state: string }>({
    name: 'read_event_type_state',
    text: 'SELECT state FROM event_type_state',
  });
  return (rows[0] as { state: string }).state;
}

/** Reads the state of all event types together with the revision of each. */
export async function readEventTypeRevisions(sql: Queryable): Promise<{ state: string; revisions: Map<string, string> }> {
  const { rows } = await sql.query<{ state: string; name: string | null; revision: string }>({
    name: 'read_event_type_revisions',
    text: `
      SELECT state, name, revision FROM event_type_state LEFT JOIN event_types ON true ORDER BY name`,
  });
  const revisions = rows.flatMap(({ name, revision }) => (name === null ? [] : [[name, revision] as const]));
  return { state: (rows[0] as { state: string }).state, revisions: new Map(revisions) };
}

/** Reads event types with their versions. */
export async function readEventTypes(sql: Queryable, names: readonly string[]): Promise<StoredEventType[]> {
  const { rows } = await sql.query<EventTypeRow & { versions: (EventTypeVersionRow & DatesAsText)[] }>({
    name: 'read_event_types',
    text: `
      SELECT name, title, description, "group", default_version AS "defaultVersion", deprecated_at AS "deprecatedAt",
        replaced_by AS "replacedBy", archived_at AS "archivedAt", created_at AS "createdAt", updated_at AS "updatedAt", revision,
        (SELECT coalesce(json_agg(json_build_object('type', type, 'version', version, 'audience', audience, 'ownerField', owner_field,
            'unknownFields', unknown_fields, 'schema', schema, 'examples', examples, 'createdAt', created_at,
            'archivedAt', archived_at) ORDER BY version), '[]')
          FROM event_type_versions AS versions WHERE versions.type = event_types.name) AS versions
      FROM event_types WHERE name = ANY ($1::text[]) ORDER BY name`,
    values: [names],
  });
  return rows.map((row) => ({
    ...row,
    versions: row.versions.map(({ createdAt, archivedAt, ...version }) => ({
      ...version,
      createdAt: new Date(createdAt),
      archivedAt: archivedAt === null ? null : new Date(archivedAt),
    })),
  }));
}

interface DatesAsText {
  createdAt: Date & string;
  archivedAt: (Date & string) | null;
}

/** A change of an event type, as the audit log records it: for each field the values before and after. */
export interface EventTypeAudit {
  action: `event_type.${'created' | 'changed' | 'archived' | 'restored' | 'deprecated' | 'undeprecated'}`;
  details: Readonly<Record<string, { from?: unknown; to?: unknown }>>;
}

/** Rows of event types that replace those of the same key, or are added. */
export interface EventTypeChange {
  types: readonly Omit<EventTypeRow, 'revision' | 'createdAt' | 'updatedAt'>[];
  versions: readonly Omit<EventTypeVersionRow, 'createdAt'>[];
  audit: readonly EventTypeAudit[];
}

/**
 * Writes a change in one commit if the event types are still in the state by which it was decided. Returns whether it was written:
 * false when another change came first, and nothing was.
 *
 * @param expected the state by which the change was decided
 * @param actor the caller; null: Tidings itself
 */
export async function writeEventTypes(
  sql: Queryable,
  expected: string,
  { types, versions, audit }: EventTypeChange,
  actor: { id: string; kind: string } | null,
): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'write_event_types',
    text: `
      WITH changed AS (
        UPDATE event_type_state SET state = gen_random_uuid() WHERE state = $1 RETURNING state
      ), written AS (
        INSERT INTO event_types AS known (name, title, description, "group", default_version, deprecated_at, replaced_by, archived_at)
        SELECT type.* FROM changed CROSS JOIN json_to_recordset($2) AS type (name text, title text, description text, "group" text,
          "defaultVersion" int, "deprecatedAt" timestamptz, "replacedBy" text, "archivedAt" timestamptz)
        ON CONFLICT (name) DO UPDATE SET title = excluded.title, description = excluded.description, "group" = excluded."group",
          default_version = excluded.default_version, deprecated_at = excluded.deprecated_at, replaced_by = excluded.replaced_by,
          archived_at = excluded.archived_at, updated_at = now(), revision = gen_random_uuid()
      ), written_version AS (
        INSERT INTO event_type_versions (type, version, audience, owner_field, unknown_fields, schema, examples, archived_at)
        SELECT version.* FROM changed CROSS JOIN json_to_recordset($3) AS version (type text, version int, audience text,
          "ownerField" text, "unknownFields" text, schema json, examples json, "archivedAt" timestamptz)
        ON CONFLICT (type, version) DO UPDATE SET audience = excluded.audience, owner_field = excluded.owner_field,
          unknown_fields = excluded.unknown_fields, schema = excluded.schema, examples = excluded.examples,
          archived_at = excluded.archived_at
      ), audited AS (
        INSERT INTO audit_log (actor, actor_kind, action, details)
        SELECT coalesce($5, 'tidings'), coalesce($6, 'system'), action, details
        FROM changed CROSS JOIN json_to_recordset($4) AS entry (action text, details jsonb)
      )
      SELECT FROM changed`,
    values: [
      expected,
      JSON.stringify(types),
      JSON.stringify(versions),
      JSON.stringify(audit),
      actor?.id ?? null,
      actor?.kind ?? null,
    ],
  });
  return rowCount === 1;
}

/** A webhook that gets events of a type. */
export interface WebhookOfType {
  id: string;
  owner: string;
  eventTypes: string[];
}

/**
 * Reads up to `limit` webhooks that have one of the patterns, in the order of their ids: for each pattern, an index has that order.
 *
 * @param patterns the patterns that match a type
 */
export async function readWebhooksOfType(sql: Queryable, patterns: readonly string[], limit: number): Promise<WebhookOfType[]> {
  const { rows } = await sql.query<WebhookOfType>({
    name: 'read_webhooks_of_type',
    text: `
      SELECT webhooks.id, owner, event_types AS "eventTypes" FROM (
        SELECT DISTINCT webhook_id FROM unnest($1::text[]) AS matching (pattern) CROSS JOIN LATERAL (
          SELECT webhook_id FROM subscriptions WHERE subscriptions.pattern = matching.pattern ORDER BY webhook_id LIMIT $2
        ) AS subscribed ORDER BY webhook_id LIMIT $2
      ) AS first JOIN webhooks ON webhooks.id = first.webhook_id ORDER BY webhooks.id`,
    values: [patterns, limit],
  });
  return rows;
}
