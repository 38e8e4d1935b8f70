import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { extractionCompleted, extractionStarted } from './catalog/extraction.js';
import { gapsUpdated } from './catalog/gaps.js';
import { syncCompleted, syncFailed } from './catalog/sync.js';
import { webhookDisabled, webhookExpiring } from './catalog/webhook.js';
import type { Audience, EventDefinition } from './define-event.js';
import { parseInWords, toFieldErrors } from './describe-issue.js';
import {
  eventDraft,
  MAX_EVENT_BYTES,
  MAX_EVENT_LEVELS,
  OWNER_ID,
  OWNER_ID_RULE,
  type EventDraft,
  type TidingsEvent,
} from './event.js';
import { InvalidEventError, type FieldError } from './invalid-event-error.js';
import { inspectJson } from './json/faults.js';
import { writeJson } from './json/write-json.js';
import { matches } from './pattern.js';
import { shorten } from './shorten.js';

/** The union of the drafts that a list of definitions makes. */
export type CatalogEvent<Definitions extends readonly EventDefinition[]> = ReturnType<Definitions[number]>;

/** A dialect of JSON Schema: OpenAPI 3.1 uses draft 2020-12, AsyncAPI 3 uses draft 07. */
export type SchemaDialect = 'draft-2020-12' | 'draft-07';

/** The description of an event type, as `GET /api/event-types` returns it. */
export interface EventTypeDescription {
  type: string;
  audience: Audience;
  description: string;
  /** The JSON Schema of `data`, in the requested dialect; default draft 2020-12. */
  schema: Record<string, unknown>;
  example: unknown;
}

/** The event types of an installation. Only Tidings itself publishes system types: streams get them, webhooks do not. */
export interface Catalog {
  /** The types that services publish and webhooks receive, in the order of their definitions. */
  readonly types: readonly string[];
  /** `types` and the system types: all types that the event log and the stream may have. */
  readonly streamedTypes: readonly string[];
  /** Describes each type of `types`, with its JSON Schema in draft 2020-12. */
  describe: () => EventTypeDescription[];
  /** Describes each type of `streamedTypes`, with its JSON Schema. Default dialect: draft 2020-12. */
  describeStreamed: (dialect?: SchemaDialect) => EventTypeDescription[];
  /** Returns whether the pattern matches any type of `types`. */
  knows: (pattern: string) => boolean;
  /**
   * Validates drafts. Returns them as events with an id, a time, an owner and the data as JSON text.
   * Throws one {@link InvalidEventError} with every wrong field of every draft.
   *
   * @param list the name of the list in the paths of wrong fields: `events` gives `events[3].data.user_id`. Leave it out for a
   *   single draft.
   */
  validate: (drafts: readonly unknown[], list?: string) => TidingsEvent[];
  /** Whether the type is a system type. */
  isSystemType: (type: string) => boolean;
  /** Validates one event of a system type, like `validate`. Throws an {@link InvalidEventError} for every other type. */
  validateSystemEvent: (draft: unknown) => TidingsEvent;
}

/**
 * Creates a catalog of event types. Throws when a type is defined twice.
 *
 * @param definitions the types that services publish
 * @param systemDefinitions the types that only Tidings publishes; default none
 */
export function createCatalog(
  definitions: readonly EventDefinition[],
  systemDefinitions: readonly EventDefinition[] = [],
): Catalog {
  const all = [...definitions, ...systemDefinitions];
  if (new Set(all.map(({ type }) => type)).size < all.length) {
    throw new Error('An event type is defined twice in the catalog.');
  }
  const byType = new Map(definitions.map((definition) => [definition.type, definition]));
  const systemByType = new Map(systemDefinitions.map((definition) => [definition.type, definition]));
  const types = [...byType.keys()];

  /** Returns what is wrong with the type of a draft; undefined: nothing. */
  const faultOfType = (type: unknown, byType: ReadonlyMap<string, EventDefinition>): string | undefined => {
    if (typeof type === 'string' && byType.has(type)) return undefined;
    const known = [...byType.keys()].join(', ');
    if (type === undefined) return `is missing: it must be one of ${known}`;
    if (typeof type !== 'string') return `must be one of ${known}`;
    if (systemByType.has(type)) return `"${type}" is published by Tidings itself`;
    return `"${shorten(type)}" is not in the catalog, which has ${known}`;
  };

  const validateOne = (draft: unknown, byType: ReadonlyMap<string, EventDefinition>): TidingsEvent | FieldError[] => {
    if (typeof draft !== 'object' || draft === null || Array.isArray(draft)) {
      return [{ field: '', message: 'must be an event: an object with type and data' }];
    }
    const { type, data } = draft as Partial<Record<'type' | 'data', unknown>>;
    const errors: FieldError[] = [];
    const typeFault = faultOfType(type, byType);
    if (typeFault !== undefined) errors.push({ field: 'type', message: typeFault });
    const envelope = parseInWords(eventDraft, draft);
    if (!envelope.success) errors.push(...fieldErrors(envelope.error).filter(({ field }) => field !== 'type'));
    if (data === undefined) return errors;

    const { faults, hasDigits, leastBytes } = inspectJson(data, { field: 'data', maxLevels: MAX_EVENT_LEVELS });
    // Before the schema, which takes a second for a megabyte of wrong items.
    if (leastBytes > MAX_EVENT_BYTES) {
      return [...errors, { field: 'data', message: `is more than ${String(MAX_EVENT_BYTES)} bytes of JSON, the limit` }];
    }
    const definition = byType.get(String(type));
    if (!definition) return [...errors, ...faults];
    const checked = parseInWords(definition.schema, data);
    errors.push(...merged(checked.success ? [] : fieldErrors(checked.error, 'data'), faults));
    if (!checked.success || !envelope.success || errors.length > 0) return errors;
    const text = hasDigits ? writeJson(checked.data, data) : JSON.stringify(checked.data);
    return toEvent(definition, envelope.data, checked.data, text);
  };

  return {
    types,
    streamedTypes: [...types, ...systemByType.keys()],
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
    isSystemType: (type) => systemByType.has(type),
    validateSystemEvent(draft) {
      const result = validateOne(draft, systemByType);
      if (Array.isArray(result)) throw new InvalidEventError(result);
      return result;
    },
  };
}

/** Describes an event type, with its JSON Schema. Default dialect: draft 2020-12. */
export function describeEventType(
  { type, audience, description, schema, example }: EventDefinition,
  dialect: SchemaDialect = 'draft-2020-12',
): EventTypeDescription {
  return { type, audience, description, schema: z.toJSONSchema(schema, { target: dialect }), example };
}

/** @param text the data as JSON */
function toEvent(
  definition: EventDefinition,
  draft: EventDraft,
  data: Record<string, unknown>,
  text: string,
): TidingsEvent | FieldError[] {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_EVENT_BYTES) {
    return [{ field: 'data', message: `is ${String(bytes)} bytes of JSON, over the limit of ${String(MAX_EVENT_BYTES)}` }];
  }
  const owner = ownerOf(definition.audience, data);
  if (owner === undefined) return [{ field: 'data.user_id', message: OWNER_ID_RULE }];
  return {
    id: draft.id ?? `evt_${uuidv7()}`,
    type: definition.type,
    owner,
    timestamp: (draft.timestamp === undefined ? new Date() : new Date(draft.timestamp)).toISOString(),
    data: text,
  };
}

/** The owner who may see the event; null: everyone. Undefined when the schema accepted an invalid `user_id`. */
function ownerOf(audience: Audience, data: Record<string, unknown>): string | null | undefined {
  if (audience === 'everyone') return null;
  const owner = data['user_id'];
  return typeof owner === 'string' && OWNER_ID.test(owner) ? owner : undefined;
}

/** Adds faults to the errors of a schema. A fault says more than the schema's error for the same field. */
function merged(errors: readonly FieldError[], faults: readonly FieldError[]): FieldError[] {
  if (faults.length === 0) return [...errors];
  const byField = new Map(faults.map((fault) => [fault.field, fault]));
  return [...new Set([...errors.map((error) => byField.get(error.field) ?? error), ...faults])];
}

/** How many wrong fields of one event are named: a list of wrong items has one for each. */
const MAX_ERRORS = 100;

function fieldErrors(error: z.ZodError, prefix = ''): FieldError[] {
  return toFieldErrors({ issues: error.issues.slice(0, MAX_ERRORS) })
    .slice(0, MAX_ERRORS)
    .map(({ field, message }) => ({ field: joinPath(prefix, field), message }));
}

function joinPath(prefix: string, path: string): string {
  return prefix !== '' && path !== '' && !path.startsWith('[') ? `${prefix}.${path}` : prefix + path;
}

/** The event types of the shipped catalog. Add a definition here to add a type. */
const definitions = [extractionStarted, extractionCompleted, syncCompleted, syncFailed, gapsUpdated] as const;

/** The shipped catalog. */
export const catalog = createCatalog(definitions, [webhookDisabled, webhookExpiring]);

/** A draft of any event type of the shipped catalog. */
export type Publishable = CatalogEvent<typeof definitions>;
