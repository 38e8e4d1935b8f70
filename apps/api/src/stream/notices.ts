import { z } from 'zod';

/** The reasons for the end of a stream that clients get. */
const endReason = z.enum(['token_expired', 'token_revoked', 'owner_disabled', 'too_slow', 'log_put_back']);

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
      'The log does not have the last event that the client named, so events may be missing. The events for the client follow from `oldest_event_id` on: usually from the oldest in the log, and after the log was put back from the first that the client cannot have; null when there is none yet. This message has no `id`: the client keeps the id of its request.',
    schema: z.strictObject({ last_event_id: z.string(), oldest_event_id: z.string().nullable() }),
    example: { last_event_id: 'evt_gone', oldest_event_id: 'sync-17' },
  },
  'stream.end': {
    description:
      'The stream ends. `token_expired` and `token_revoked`: reconnect with a new token; `owner_disabled`: an operator disabled the owner; `too_slow`: the client did not read fast enough, and may reconnect; `log_put_back`: PostgreSQL came back without its newest events, reconnect. This message has no `id`: the client resumes after its last event.',
    schema: z.strictObject({ reason: endReason }),
    example: { reason: 'too_slow' },
  },
} as const;

/** The `event` of a message about the stream itself. */
export type NoticeType = keyof typeof notices;

/** The data of a notice of this type. */
export type NoticeData<Type extends NoticeType> = z.output<(typeof notices)[Type]['schema']>;
