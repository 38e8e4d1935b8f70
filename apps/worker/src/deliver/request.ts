import type { ClaimedDelivery } from '@tidings/database';
import { secretKey, sealedFor, type Seal } from '@tidings/secrets';
import { sign } from '@tidings/signing';
import type { OutgoingRequest } from './send.js';

/**
 * Builds the signed request of a delivery. The body is the same, byte for byte, on every attempt: the event's JSON is
 * kept as text, and so are the two fields around it. The time of the attempt is the database's, of the claim: receivers
 * refuse what is signed by a clock that is some minutes off. Throws when the secret cannot be opened with our keys.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function buildRequest(delivery: ClaimedDelivery, { open }: Pick<Seal, 'open'>): OutgoingRequest {
  const { webhookId, url, eventId: id, claimedAt: timestamp } = delivery;
  const body = `{"type":${JSON.stringify(delivery.eventType)},"timestamp":"${delivery.eventTimestamp}","data":${delivery.eventData}}`;
  const key = secretKey(open(delivery.sealedSecret, sealedFor.secret(webhookId)));
  const custom = delivery.sealedHeaders
    ? (JSON.parse(open(delivery.sealedHeaders, sealedFor.headers(webhookId))) as Record<string, string>)
    : {};
  return {
    url,
    body,
    headers: {
      ...custom,
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': sign({ id, timestamp, body, keys: [key] }),
    },
  };
}
