import { z } from 'zod';
import { extractionCompleted, extractionStarted } from './catalog/extraction.js';
import { gapsUpdated } from './catalog/gaps.js';
import { syncCompleted, syncFailed } from './catalog/sync.js';
import { webhookDisabled, webhookExpiring } from './catalog/webhook.js';
import { ownerFieldOf, type Audience, type EventDefinition } from './define-event.js';
import { parseInWords, toFieldErrors } from './describe-issue.js';
import type { EventDraft, TidingsEvent } from './event.js';
import { matches } from './pattern.js';
import { shorten } from './shorten.js';
import type { FieldError } from './invalid-event-error.js';
import { joinPath, validateDrafts, type DraftType } from './validate-drafts.js';

/** The union of the drafts that a list of definitions makes. */
export type CatalogEvent<Definitions extends readonly EventDefinition[]> = ReturnType<Definitions[number]>;

/** A dialect of JSON Schema: OpenAPI 3.1 uses draft 2020-12, AsyncAPI 3 uses draft 07. */
export type SchemaDialect = 'draft-2020-12' | 'draft-07';

/** The description of an event type. */
export interface EventTypeDescription {
  type: string;
  /** The version that is described; missing: the default version of the type. */
  version?: number;
  title: string | null;
  description: string;
  group: string | null;
  audience: Audience;
  /** The field of `data` that names the owner; null: everyone may see the events. */
  ownerField: string | null;
  /** The JSON Schema of `data`, in the requested dialect; default draft 2020-12. */
  schema: Record<string, unknown>;
  example: unknown;
}

/**
 * Event types. Only Tidings itself publishes system types: streams get them, webhooks do not.
 *
 * @typeParam Event the drafts of its types, by which publishers know what they may publish
 */
export interface Catalog<Event extends EventDraft = EventDraft> {
  /** Only for the compiler. */
  readonly '~event'?: Event;
  /** The definitions of the types that services publish. */
  readonly definitions: readonly EventDefinition[];
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
export function createCatalog<const Definitions extends readonly EventDefinition[]>(
  definitions: Definitions,
  systemDefinitions: readonly EventDefinition[] = [],
): Catalog<CatalogEvent<Definitions>> {
  const all: readonly EventDefinition[] = [...definitions, ...systemDefinitions];
  const isSame = (one: EventDefinition, other: EventDefinition) => one.type === other.type && one.version === other.version;
  const twice = all.find((definition, index) => all.findIndex((other) => isSame(definition, other)) < index);
  if (twice) {
    const version = twice.version === undefined ? '' : `, version ${String(twice.version)},`;
    throw new Error(`The event type ${twice.type}${version} is defined twice in the catalog.`);
  }
  const byType = group(definitions);
  const systemByType = group(systemDefinitions);
  const types = [...byType.keys()];

  /** Finds a type, and the version that a draft names; without one, the definition without a version, or the first one. */
  const find = (type: unknown, version: unknown, byType: DefinitionsByType): DraftType | FieldError => {
    const found = typeof type === 'string' ? byType.get(type) : undefined;
    if (found === undefined) return { field: 'type', message: faultOfName(type, byType) };
    const wanted = found.find((one) => one.version === version) ?? (version === undefined ? found[0] : undefined);
    if (wanted) return wanted;
    const versions = found.map((one) => one.version ?? 'none').join(', ');
    return { field: 'version', message: `is not in the catalog, which has these versions of the type: ${versions}` };
  };
  const faultOfName = (type: unknown, byType: DefinitionsByType): string => {
    const known = [...byType.keys()].join(', ');
    if (type === undefined) return `is missing: it must be one of ${known}`;
    if (typeof type !== 'string') return `must be one of ${known}`;
    if (systemByType.has(type)) return `"${type}" is published by Tidings itself`;
    return `"${shorten(type)}" is not in the catalog, which has ${known}`;
  };

  return {
    definitions,
    types,
    streamedTypes: [...types, ...systemByType.keys()],
    describe: () => definitions.map((definition) => describeEventType(definition)),
    describeStreamed: (dialect) => all.map((definition) => describeEventType(definition, dialect)),
    knows: (pattern) => types.some((type) => matches(pattern, type)),
    validate: (drafts, list) => eventsOf(validateDrafts(drafts, list, (type, version) => find(type, version, byType))),
    isSystemType: (type) => systemByType.has(type),
    validateSystemEvent: (draft) =>
      eventsOf(validateDrafts([draft], undefined, (type, version) => find(type, version, systemByType)))[0] as TidingsEvent,
  };
}

/** The versions of each type. */
type DefinitionsByType = ReadonlyMap<string, readonly DraftType[]>;

function group(definitions: readonly EventDefinition[]): DefinitionsByType {
  const byType = new Map<string, DraftType[]>();
  for (const definition of definitions) {
    byType.set(definition.type, [...(byType.get(definition.type) ?? []), toDraftType(definition)]);
  }
  return byType;
}

const eventsOf = (validated: readonly { event: TidingsEvent }[]): TidingsEvent[] => validated.map(({ event }) => event);

/** How many wrong fields of one event are named: a list of wrong items has one for each. */
const MAX_ERRORS = 100;

function toDraftType(definition: EventDefinition): DraftType {
  const { type, version, schema } = definition;
  return {
    type,
    version,
    ownerField: ownerFieldOf(definition),
    checkData(data) {
      const checked = parseInWords(schema, data);
      if (checked.success) return { data: checked.data, errors: [] };
      const errors = toFieldErrors({ issues: checked.error.issues.slice(0, MAX_ERRORS) }).slice(0, MAX_ERRORS);
      return { data, errors: errors.map(({ field, message }) => ({ field: joinPath('data', field), message })) };
    },
  };
}

/** Describes an event type, with its JSON Schema. Default dialect: draft 2020-12. */
export function describeEventType(definition: EventDefinition, dialect: SchemaDialect = 'draft-2020-12'): EventTypeDescription {
  const { type, version, title = null, description, group = null, schema, example } = definition;
  const ownerField = ownerFieldOf(definition);
  return {
    type,
    ...(version === undefined ? {} : { version }),
    title,
    description,
    group,
    audience: ownerField === null ? 'everyone' : 'owner',
    ownerField,
    schema: z.toJSONSchema(schema, {
      target: dialect,
      override: ({ jsonSchema }) => {
        dropLookahead(jsonSchema);
      },
    }),
    example,
  };
}

/** zod writes the format of a host name as a pattern, too, with a lookahead, which RE2 does not have. */
function dropLookahead(schema: { format?: string; pattern?: string }): void {
  if (schema.format === 'hostname' && schema.pattern?.includes('(?=')) delete schema.pattern;
}

/** The event types of the shipped catalog. Add a definition here to add a type. */
const definitions = [extractionStarted, extractionCompleted, syncCompleted, syncFailed, gapsUpdated] as const;

/** The types that only Tidings publishes, to the owners of webhooks. */
export const systemEvents: readonly EventDefinition[] = [webhookDisabled, webhookExpiring];

/** The types that only Tidings publishes, as a catalog without others. */
export const systemCatalog = createCatalog([], systemEvents);

/** The shipped catalog. */
export const catalog = createCatalog(definitions, systemEvents);

/** A draft of any event type of the shipped catalog. */
export type Publishable = CatalogEvent<typeof definitions>;
