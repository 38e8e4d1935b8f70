import type { ClaimedDelivery } from '@tidings/database';
import { customHeaders } from '@tidings/egress';
import { escapeLineSeparators } from '@tidings/events';
import { openHeaders, parsePreviousSecrets, secretKey, sealedFor, stillValid, type Seal } from '@tidings/secrets';
import { sign } from '@tidings/signing';
import type { OutgoingRequest } from './send.js';

/** An event and the webhook that it goes to: all that a request is built from. */
export type SignableEvent = Pick<
  ClaimedDelivery,
  | 'webhookId'
  | 'url'
  | 'sealedSecret'
  | 'sealedPreviousSecrets'
  | 'sealedHeaders'
  | 'claimedAt'
  | 'eventId'
  | 'eventType'
  | 'eventVersion'
  | 'eventTimestamp'
  | 'eventData'
>;

/**
 * Builds the signed request of a delivery. The body is the same, byte for byte, on every attempt, because the event's data is
 * stored as text. The timestamp is the time of the claim on the database's clock: receivers refuse signatures whose clock is
 * some minutes off. Every secret that is valid at that time signs, the current one first. Throws when a secret cannot be
 * opened with the keys of SECRETS_KEYS.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function buildRequest(delivery: SignableEvent, seal: Pick<Seal, 'open'>): OutgoingRequest {
  const { open } = seal;
  const { webhookId, url, eventId: id, claimedAt: timestamp } = delivery;
  const body = `{"type":${JSON.stringify(delivery.eventType)},"timestamp":"${delivery.eventTimestamp}","data":${escapeLineSeparators(delivery.eventData)}}`;
  const secret = open(delivery.sealedSecret, sealedFor.secret(webhookId));
  const previous = delivery.sealedPreviousSecrets
    ? parsePreviousSecrets(open(delivery.sealedPreviousSecrets, sealedFor.previousSecrets(webhookId)))
    : [];
  const secrets = [secret, ...stillValid(previous, timestamp).map((one) => one.secret)];
  const custom = delivery.sealedHeaders ? openHeaders(seal, { id: webhookId, url }, delivery.sealedHeaders).headers : {};
  return {
    url,
    body,
    headers: {
      ...customHeaders(custom),
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-event-version': String(delivery.eventVersion),
      'webhook-signature': sign({ id, timestamp, body, keys: secrets.map(secretKey) }),
    },
  };
}
