import { createHmac } from 'node:crypto';

export interface SignInput {
  /** `webhook-id`: the event's id, the same on every attempt. */
  id: string;
  /** Unix seconds of this attempt. */
  timestamp: number;
  /** The exact bytes of the request body. */
  body: string;
  /** The keys behind the valid secrets: one, or two while a rotation overlaps. */
  keys: readonly Buffer[];
}

/**
 * The `webhook-signature` header: `v1,<base64 HMAC-SHA256 of "id.timestamp.body">`, one for each key, a space between.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (Signature scheme)
 */
export function sign({ id, timestamp, body, keys }: SignInput): string {
  const content = `${id}.${String(timestamp)}.${body}`;
  return keys.map((key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`).join(' ');
}
