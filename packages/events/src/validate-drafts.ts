import { v7 as uuidv7 } from 'uuid';
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

/** An event type, as far as drafts are checked against it. */
export interface DraftType {
  type: string;
  /** The version of events that name none; undefined: it is decided when they are accepted. */
  version?: number | undefined;
  /** The field of the data that names the owner; null: everyone may see the event. */
  ownerField: string | null;
  /** Returns the data as it is to be logged, and what is wrong with it. The paths of wrong fields begin with `data`. */
  checkData: (data: unknown) => { data: unknown; errors: readonly FieldError[] };
}

/**
 * Validates drafts. Returns them as events with an id, a time, an owner and the data as JSON text, each with the type by which it was
 * validated. Throws one {@link InvalidEventError} with every wrong field of every draft.
 *
 * @param list the name of the list in the paths of wrong fields: `events` gives `events[3].data.user_id`; undefined for a single draft
 * @param find returns the type that a draft names, or what is wrong with its field `type` or `version`
 */
export function validateDrafts<Type extends DraftType>(
  drafts: readonly unknown[],
  list: string | undefined,
  find: FindType<Type>,
): { event: TidingsEvent; type: Type }[] {
  const errors: FieldError[] = [];
  const events: { event: TidingsEvent; type: Type }[] = [];
  drafts.forEach((draft, index) => {
    const result = validateDraft(draft, find);
    if (!Array.isArray(result)) events.push(result);
    else {
      const prefix = list === undefined ? '' : `${list}[${String(index)}]`;
      errors.push(...result.map(({ field, message }) => ({ field: joinPath(prefix, field), message })));
    }
  });
  if (errors.length > 0) throw new InvalidEventError(errors);
  return events;
}

/** Finds the type and version that a draft names; a fault if there is none. */
export type FindType<Type extends DraftType> = (type: unknown, version: unknown) => Type | FieldError;

const isFault = (found: DraftType | FieldError): found is FieldError => 'field' in found;

function validateDraft<Type extends DraftType>(
  draft: unknown,
  find: FindType<Type>,
): { event: TidingsEvent; type: Type } | FieldError[] {
  if (typeof draft !== 'object' || draft === null || Array.isArray(draft)) {
    return [{ field: '', message: 'must be an event: an object with type and data' }];
  }
  const { type: name, version, data } = draft as Partial<Record<'type' | 'version' | 'data', unknown>>;
  const errors: FieldError[] = [];
  const type = find(name, version);
  if (isFault(type)) errors.push(type);
  // The fault of the type says more than the envelope's for the same field.
  const judged = isFault(type) ? type.field : 'type';
  const envelope = parseInWords(eventDraft, draft);
  if (!envelope.success) errors.push(...toFieldErrors(envelope.error).filter(({ field }) => field !== judged));
  if (data === undefined) return errors;

  const { faults, hasDigits, leastBytes } = inspectJson(data, { field: 'data', maxLevels: MAX_EVENT_LEVELS });
  // Before the schema, which takes a second for a megabyte of wrong items.
  if (leastBytes > MAX_EVENT_BYTES) {
    return [...errors, { field: 'data', message: `is more than ${String(MAX_EVENT_BYTES)} bytes of JSON, the limit` }];
  }
  if (isFault(type)) return [...errors, ...faults];
  const checked = type.checkData(data);
  errors.push(...merged(checked.errors, faults));
  if (!envelope.success || errors.length > 0) return errors;
  const text = hasDigits ? writeJson(checked.data, data) : JSON.stringify(checked.data);
  const event = toEvent(type, envelope.data, checked.data as Record<string, unknown>, text);
  return Array.isArray(event) ? event : { event, type };
}

const versionOf = (version: number | undefined) => (version === undefined ? {} : { version });

/** @param text the data as JSON */
function toEvent(
  { type, version, ownerField }: DraftType,
  draft: EventDraft,
  data: Record<string, unknown>,
  text: string,
): TidingsEvent | FieldError[] {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_EVENT_BYTES) {
    return [{ field: 'data', message: `is ${String(bytes)} bytes of JSON, over the limit of ${String(MAX_EVENT_BYTES)}` }];
  }
  const named = ownerField === null ? null : data[ownerField];
  const owner = ownerField === null || (typeof named === 'string' && OWNER_ID.test(named)) ? (named as string | null) : undefined;
  if (owner === undefined) return [{ field: `data.${String(ownerField)}`, message: OWNER_ID_RULE }];
  return {
    id: draft.id ?? `evt_${uuidv7()}`,
    type,
    ...versionOf(draft.version ?? version),
    owner,
    timestamp: (draft.timestamp === undefined ? new Date() : new Date(draft.timestamp)).toISOString(),
    data: text,
  };
}

/** Adds faults to the errors of a schema. A fault says more than the schema's error for the same field. */
function merged(errors: readonly FieldError[], faults: readonly FieldError[]): FieldError[] {
  if (faults.length === 0) return [...errors];
  const byField = new Map(faults.map((fault) => [fault.field, fault]));
  return [...new Set([...errors.map((error) => byField.get(error.field) ?? error), ...faults])];
}

/** Puts a path behind another one. */
export function joinPath(prefix: string, path: string): string {
  return prefix !== '' && path !== '' && !path.startsWith('[') ? `${prefix}.${path}` : prefix + path;
}
