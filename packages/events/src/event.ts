import { z } from 'zod';

/** What an event's id may be: letters, digits and `. _ -`, at most 100. It is part of the signed text and of Redis keys. */
export const EVENT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** What a user's id may be: 1 to 255 characters, none of them a control, format or unpaired surrogate character. */
export const USER_ID = /^[^\p{C}]{1,255}$/u;

/** What is said of one that is not. */
export const USER_ID_RULE = 'must be 1 to 255 characters without control characters';

/** The most bytes that an event's data may take as JSON: 256 KiB. */
export const MAX_EVENT_BYTES = 256 * 1024;

/** An event as it is handed in: what a definition makes, or the body of `POST /api/events`. */
export interface EventDraft<Type extends string = string, Data = unknown> {
  type: Type;
  data: Data;
  /** The idempotency key: the same id twice is one event. Default: `evt_` and a UUIDv7. */
  id?: string | undefined;
  /** When it happened, ISO 8601 with an offset. Default: when it is published. */
  timestamp?: string | undefined;
}

/** The shape of a draft, before the catalog looks at its type and data. */
export const eventDraft = z.strictObject({
  type: z.string(),
  data: z.unknown(),
  id: z
    .string()
    .regex(EVENT_ID, 'must be 1 to 100 letters, digits, ".", "_" or "-", and begin with a letter or digit')
    .optional(),
  timestamp: z.iso
    .datetime({ offset: true, abort: true, message: 'must be an ISO 8601 time with an offset' })
    .refine(hasFourDigitYear, 'must be in the years 1 to 9999, in UTC')
    .optional(),
});

/** Whether the database's and JavaScript's years agree: PostgreSQL has no year 0, and does not read JavaScript's years after 9999. */
export function hasFourDigitYear(timestamp: string): boolean {
  const year = new Date(timestamp).getUTCFullYear();
  return year >= 1 && year <= 9999;
}

/** An event that its definition found valid. */
export interface TidingsEvent {
  id: string;
  type: string;
  /** The one user who may see it; null: everyone. */
  owner: string | null;
  /** ISO 8601, UTC. */
  timestamp: string;
  /** The payload as JSON on one line: the exact text that every attempt and every stream sends. */
  data: string;
}
