import { createHmac } from 'node:crypto';

/** The content that a signature covers. */
export interface SignedContent {
  /** `webhook-id`: the event's id, the same on every attempt. */
  id: string;
  /** `webhook-timestamp`: the time of this attempt, in Unix seconds. */
  timestamp: number;
  /** The exact bytes of the request body; a string is encoded as UTF-8. */
  body: string | Uint8Array;
}

/** The input of {@link sign}. */
export interface SignInput extends SignedContent {
  /** The keys of the valid secrets: one, or several while rotations overlap. */
  keys: readonly Buffer[];
}

/**
 * Returns the `webhook-signature` header: `v1,<base64 HMAC-SHA256 of "id.timestamp.body">` for each key, separated by spaces.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (Signature scheme)
 */
export function sign({ keys, ...content }: SignInput): string {
  return keys.map((key) => `v1,${digest(content, key).toString('base64')}`).join(' ');
}

/** Returns the HMAC-SHA256 of "id.timestamp.body". */
export function digest({ id, timestamp, body }: SignedContent, key: Buffer): Buffer {
  return createHmac('sha256', key)
    .update(`${id}.${String(timestamp)}.`)
    .update(body)
    .digest();
}
