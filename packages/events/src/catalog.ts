import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { extractionCompleted, extractionStarted } from './catalog/extraction.js';
import { gapsUpdated } from './catalog/gaps.js';
import { syncCompleted, syncFailed } from './catalog/sync.js';
import { webhookDisabled } from './catalog/webhook.js';
import type { Audience, EventDefinition } from './define-event.js';
import { eventDraft, MAX_EVENT_BYTES, USER_ID, USER_ID_RULE, type EventDraft, type TidingsEvent } from './event.js';
import { InvalidEventError, type FieldError } from './invalid-event-error.js';
import { matches } from './pattern.js';

/** The drafts that a list of definitions makes, as one union. */
export type CatalogEvent<Definitions extends readonly EventDefinition[]> = ReturnType<Definitions[number]>;

/** A dialect of JSON Schema: OpenAPI 3.1 is built on 2020-12, AsyncAPI 3 on draft 07. */
export type SchemaDialect = 'draft-2020-12' | 'draft-07';

/** What `/api/event-types` shows of a type. */
export interface EventTypeDescription {
  type: string;
  audience: Audience;
  description: string;
  /** JSON Schema, in the dialect that was asked for; by default draft 2020-12. */
  schema: Record<string, unknown>;
  example: unknown;
}

export interface Catalog {
  /** The types that services publish and webhooks receive, in the order in which they were given. */
  readonly types: readonly string[];
  /** Those, and the ones that Tidings itself publishes: what the log and the stream may hold. */
  readonly streamedTypes: readonly string[];
  /** Each type that services publish, with its JSON Schema. */
  describe: () => EventTypeDescription[];
  /** Those, and the ones that Tidings itself publishes. */
  describeStreamed: (dialect?: SchemaDialect) => EventTypeDescription[];
  /** Whether any type is meant by the pattern. */
  knows: (pattern: string) => boolean;
  /**
   * Checks drafts, gives each one an id and a time, and renders its data.
   * Throws one {@link InvalidEventError} with every wrong field of every draft.
   *
   * @param list how the fields of a list are named: `events` gives `events[3].data.user_id`. Without it there is one draft.
   */
  validate: (drafts: readonly unknown[], list?: string) => TidingsEvent[];
  /** Whether only Tidings itself publishes the type. Webhooks get no such events, streams do. */
  isOwn: (type: string) => boolean;
  /** The same for one event of Tidings' own, which no service may publish. */
  validateOwn: (draft: unknown) => TidingsEvent;
}

/**
 * Collects definitions. Throws when a type is defined twice.
 *
 * @param own what only Tidings itself publishes; default none
 */
export function createCatalog(definitions: readonly EventDefinition[], own: readonly EventDefinition[] = []): Catalog {
  const all = [...definitions, ...own];
  if (new Set(all.map(({ type }) => type)).size < all.length) {
    throw new Error('An event type is defined twice in the catalog.');
  }
  const byType = new Map(definitions.map((definition) => [definition.type, definition]));
  const ownByType = new Map(own.map((definition) => [definition.type, definition]));
  const types = [...byType.keys()];

  const validateOne = (draft: unknown, byType: ReadonlyMap<string, EventDefinition>): TidingsEvent | FieldError[] => {
    const shape = eventDraft.safeParse(draft);
    if (!shape.success) return fieldErrors(shape.error);
    const definition = byType.get(shape.data.type);
    if (!definition && ownByType.has(shape.data.type)) {
      return [{ field: 'type', message: `"${shape.data.type}" is published by Tidings itself` }];
    }
    if (!definition) {
      return [{ field: 'type', message: `"${shape.data.type}" is not in the catalog, which has ${types.join(', ')}` }];
    }
    const data = definition.schema.safeParse(shape.data.data);
    if (!data.success) return fieldErrors(data.error, 'data');
    return toEvent(definition, shape.data, data.data);
  };

  return {
    types,
    streamedTypes: [...types, ...ownByType.keys()],
    describe: () => definitions.map((definition) => describeEventType(definition)),
    describeStreamed: (dialect) => all.map((definition) => describeEventType(definition, dialect)),
    knows: (pattern) => types.some((type) => matches(pattern, type)),
    validate(drafts, list) {
      const errors: FieldError[] = [];
      const events: TidingsEvent[] = [];
      drafts.forEach((draft, index) => {
        const result = validateOne(draft, byType);
        if (!Array.isArray(result)) events.push(result);
        else {
          const prefix = list === undefined ? '' : `${list}[${String(index)}]`;
          errors.push(...result.map(({ field, message }) => ({ field: joinPath(prefix, field), message })));
        }
      });
      if (errors.length > 0) throw new InvalidEventError(errors);
      return events;
    },
    isOwn: (type) => ownByType.has(type),
    validateOwn(draft) {
      const result = validateOne(draft, ownByType);
      if (Array.isArray(result)) throw new InvalidEventError(result);
      return result;
    },
  };
}

/** A type, with its JSON Schema. The default dialect is draft 2020-12. */
export function describeEventType(
  { type, audience, description, schema, example }: EventDefinition,
  dialect: SchemaDialect = 'draft-2020-12',
): EventTypeDescription {
  return { type, audience, description, schema: z.toJSONSchema(schema, { target: dialect }), example };
}

function toEvent(definition: EventDefinition, draft: EventDraft, data: Record<string, unknown>): TidingsEvent | FieldError[] {
  const text = JSON.stringify(data);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_EVENT_BYTES) {
    return [{ field: 'data', message: `is ${String(bytes)} bytes of JSON, over the limit of ${String(MAX_EVENT_BYTES)}` }];
  }
  const owner = readerOf(definition.audience, data);
  if (owner === undefined) return [{ field: 'data.user_id', message: USER_ID_RULE }];
  return {
    id: draft.id ?? `evt_${uuidv7()}`,
    type: definition.type,
    owner,
    timestamp: (draft.timestamp === undefined ? new Date() : new Date(draft.timestamp)).toISOString(),
    data: text,
  };
}

/** The one user who may see it, or null: everyone. Undefined when it is for a user and the schema let a wrong id pass. */
function readerOf(audience: Audience, data: Record<string, unknown>): string | null | undefined {
  if (audience === 'everyone') return null;
  const owner = data['user_id'];
  return typeof owner === 'string' && USER_ID.test(owner) ? owner : undefined;
}

function fieldErrors(error: z.ZodError, prefix = ''): FieldError[] {
  return error.issues.flatMap((issue) => {
    const path = z.core.toDotPath(issue.path);
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ field: joinPath(joinPath(prefix, path), key), message: 'is not a known field' }))
      : [{ field: joinPath(prefix, path), message: issue.message }];
  });
}

function joinPath(prefix: string, path: string): string {
  return prefix !== '' && path !== '' && !path.startsWith('[') ? `${prefix}.${path}` : prefix + path;
}

/** Every event type that Tidings ships with. Add a definition here to add a type. */
const definitions = [extractionStarted, extractionCompleted, syncCompleted, syncFailed, gapsUpdated] as const;

/** The catalog that Tidings ships with. */
export const catalog = createCatalog(definitions, [webhookDisabled]);

/** An event of the shipped catalog, as its definition makes it. */
export type Publishable = CatalogEvent<typeof definitions>;
