import { z } from 'zod';

/** Why a stream is ended, as its client is told. */
const endReason = z.enum(['token_expired', 'token_revoked', 'owner_disabled', 'too_slow']);

export type EndReason = z.output<typeof endReason>;

/** The messages of the stream itself, by their `event`: what they hold, and what they tell a client. */
export const notices = {
  'stream.open': {
    description:
      'Where a stream without a last event id begins: its `id` is that of the newest event before it, or `@start`. Who hears nothing for longer than a heartbeat should connect again.',
    schema: z.strictObject({ heartbeat_ms: z.int().min(1) }),
    example: { heartbeat_ms: 15_000 },
  },
  'stream.gap': {
    description:
      'The log does not have the last event that the client named. Everything that there is for it follows, from the oldest event on. It has no `id`.',
    schema: z.strictObject({ last_event_id: z.string(), oldest_event_id: z.string().nullable() }),
    example: { last_event_id: 'evt_gone', oldest_event_id: 'sync-17' },
  },
  'stream.end': {
    description:
      'The stream ends. `token_expired` and `token_revoked`: connect with a new token; `owner_disabled`: an operator did it; `too_slow`: the client did not take what came, and may connect again. It has no `id`.',
    schema: z.strictObject({ reason: endReason }),
    example: { reason: 'too_slow' },
  },
} as const;

export type NoticeType = keyof typeof notices;

/** What a notice of the type holds. */
export type NoticeData<Type extends NoticeType> = z.output<(typeof notices)[Type]['schema']>;
