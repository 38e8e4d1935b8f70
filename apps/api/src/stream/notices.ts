import { z } from 'zod';

/** The reasons for the end of a stream that clients get. */
const endReason = z.enum(['token_expired', 'token_revoked', 'owner_disabled', 'too_slow']);

/** The reason of a `stream.end`. */
export type EndReason = z.output<typeof endReason>;

/** The messages about the stream itself, by their `event`: description, schema of their data, and example. */
export const notices = {
  'stream.open': {
    description:
      'The first message of a stream that was opened without a last event id. Its `id` is that of the newest event before the stream, or `@start` when there is none. Reconnect when nothing arrives for longer than `heartbeat_ms`.',
    schema: z.strictObject({ heartbeat_ms: z.int().min(1) }),
    example: { heartbeat_ms: 15_000 },
  },
  'stream.gap': {
    description:
      'The log does not have the last event that the client named, so events may be missing. All events for the client that the log still has follow, from the oldest on. This message has no `id`.',
    schema: z.strictObject({ last_event_id: z.string(), oldest_event_id: z.string().nullable() }),
    example: { last_event_id: 'evt_gone', oldest_event_id: 'sync-17' },
  },
  'stream.end': {
    description:
      'The stream ends. `token_expired` and `token_revoked`: reconnect with a new token; `owner_disabled`: an operator disabled the owner; `too_slow`: the client did not read fast enough, and may reconnect. This message has no `id`.',
    schema: z.strictObject({ reason: endReason }),
    example: { reason: 'too_slow' },
  },
} as const;

/** The `event` of a message about the stream itself. */
export type NoticeType = keyof typeof notices;

/** The data of a notice of this type. */
export type NoticeData<Type extends NoticeType> = z.output<(typeof notices)[Type]['schema']>;
