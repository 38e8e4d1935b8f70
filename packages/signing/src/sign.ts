import { createHmac } from 'node:crypto';

/** What a signature is made over. */
export interface SignedContent {
  /** `webhook-id`: the event's id, the same on every attempt. */
  id: string;
  /** Unix seconds of this attempt. */
  timestamp: number;
  /** The exact bytes of the request body; a text is taken as UTF-8. */
  body: string | Uint8Array;
}

export interface SignInput extends SignedContent {
  /** The keys behind the valid secrets: one, or two while a rotation overlaps. */
  keys: readonly Buffer[];
}

/**
 * The `webhook-signature` header: `v1,<base64 HMAC-SHA256 of "id.timestamp.body">`, one for each key, a space between.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (Signature scheme)
 */
export function sign({ keys, ...content }: SignInput): string {
  return keys.map((key) => `v1,${digest(content, key).toString('base64')}`).join(' ');
}

/** HMAC-SHA256 of "id.timestamp.body". */
export function digest({ id, timestamp, body }: SignedContent, key: Buffer): Buffer {
  return createHmac('sha256', key)
    .update(`${id}.${String(timestamp)}.`)
    .update(body)
    .digest();
}
