import { z } from 'zod';

/**
 * The pattern of event ids: 1 to 100 letters, digits and `_ -`. The id is part of Redis keys, and of the signed text, whose parts
 * are joined by dots: so it has none (Standard Webhooks).
 */
export const EVENT_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

/** The pattern of the ids in the event log: events that were accepted by Tidings 0.1 may have dots in their ids. */
export const LOGGED_EVENT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** The pattern of owner ids: 1 to 255 characters, none of them a control, format or unpaired surrogate character. */
export const OWNER_ID = /^[^\p{C}]{1,255}$/u;

/** The error message for an id that does not match {@link OWNER_ID}. */
export const OWNER_ID_RULE = 'must be 1 to 255 characters without control characters';

/** The maximum size of an event's data as JSON, in bytes: 256 KiB. */
export const MAX_EVENT_BYTES = 256 * 1024;

/** How deep arrays and objects may be nested in an event's data, which is the first level. */
export const MAX_EVENT_LEVELS = 32;

/** An event before it is validated: made by a definition, or the body of `POST /api/events`. */
export interface EventDraft<
  Type extends string = string,
  Data = unknown,
  Version extends number | undefined = number | undefined,
> {
  type: Type;
  /** The version of the type. Default: the one that the type has as its default when the event is accepted. */
  version?: Version | undefined;
  data: Data;
  /** The idempotency key: the same id twice is one event. Default: `evt_` and a UUIDv7. */
  id?: string | undefined;
  /** The time of the event, ISO 8601 with an offset. Default: the time when it is published. */
  timestamp?: string | undefined;
}

/** The highest version of an event type. */
export const MAX_VERSION = 999_999_999;
const VERSION_RULE = `must be a whole number from 1 to ${String(MAX_VERSION)}`;

/** The schema of a draft, without the checks of the catalog for its type and data. */
export const eventDraft = z.strictObject({
  type: z.string(),
  version: z.int(VERSION_RULE).min(1, VERSION_RULE).max(MAX_VERSION, VERSION_RULE).optional(),
  data: z.unknown(),
  id: z.string().regex(EVENT_ID, 'must be 1 to 100 letters, digits, "_" or "-", and begin with a letter or digit').optional(),
  timestamp: z.iso
    .datetime({ offset: true, abort: true, message: 'must be an ISO 8601 time with an offset' })
    .refine(hasFourDigitYear, 'must be in the years 1 to 9999, in UTC')
    .optional(),
});

/**
 * Returns whether a time is in the years 1 to 9999, in UTC, in which PostgreSQL and JavaScript agree: PostgreSQL has no year 0,
 * and does not read JavaScript's format of years after 9999.
 */
export function hasFourDigitYear(timestamp: string): boolean {
  const year = new Date(timestamp).getUTCFullYear();
  return year >= 1 && year <= 9999;
}

/** A validated event. */
export interface TidingsEvent {
  id: string;
  type: string;
  /** The version of the type; undefined: its default one. */
  version?: number;
  /** The owner who may see the event; null: everyone. */
  owner: string | null;
  /** The time of the event: ISO 8601, UTC. */
  timestamp: string;
  /** The payload as JSON on one line: the exact text that every attempt and every stream sends. */
  data: string;
}
