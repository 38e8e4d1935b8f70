import { randomBytes } from 'node:crypto';
import { derivedEventId } from '@tidings/accept';
import { VERIFICATION_ATTEMPTS, type UnverifiedWebhook, type VerificationResult } from '@tidings/database';
import { destinationOf } from '@tidings/egress';
import { webhookVerification } from '@tidings/events';
import type { SignableEvent } from '../deliver/request.js';
import type { OutgoingRequest, Send } from '../deliver/send.js';
import { judgeChallenge } from './challenge.js';

interface VerifyWebhooksParts {
  /** Whether no webhook needs a verification: those that wait for one are released. */
  isOff: boolean;
  /** Whether a webhook with this URL needs a verification. */
  mustVerify: (url: string) => boolean;
  /** Takes webhooks whose receivers are to be challenged now. */
  take: () => Promise<UnverifiedWebhook[]>;
  /** Gives webhooks back that were taken, for so many milliseconds. */
  postpone: (webhookIds: readonly string[], afterMs: number) => Promise<void>;
  /** Records a result; false if the webhook no longer waits or has another URL. */
  record: (result: VerificationResult) => Promise<boolean>;
  /** Releases these webhooks, or some of all that wait, and returns their number. */
  release: (webhookIds?: readonly string[]) => Promise<number>;
  build: (event: SignableEvent) => OutgoingRequest;
  send: Send;
  /** Gives free slots to waiting deliveries. */
  refill: () => Promise<void>;
  /** Called for every challenge, for the metrics. */
  observe: (isVerified: boolean) => void;
  log: { info: LogLine; error: LogLine };
}

type LogLine = (message: string, details: object) => void;

/** The time until the next webhook at a host is challenged, in milliseconds: a round sends one request to each host. */
const SAME_HOST_MS = 2000;
const CHALLENGE_BYTES = 32;
const GAVE_UP = 'No further attempt follows by itself: ask for one when the receiver is ready.';

/**
 * Creates one round of the periodic task that verifies webhooks: it sends a `webhook.verification` event with a random challenge,
 * signed and checked by the guard like any other, to webhooks whose URL is to be verified, one to each host at a time. A receiver
 * that echoes it expects events; then those that waited are delivered. Webhooks that no longer need it are released. Throws when
 * PostgreSQL is away.
 */
export function createVerifyWebhooks(parts: VerifyWebhooksParts) {
  const { isOff, mustVerify, take, postpone, record, release, build, send, refill, observe, log } = parts;

  const verify = async (webhook: UnverifiedWebhook): Promise<boolean> => {
    const { webhookId, url, claimedAt, attempt } = webhook;
    const challenge = randomBytes(CHALLENGE_BYTES).toString('base64url');
    const { type, data } = webhookVerification({ webhook_id: webhookId, challenge });
    let request: OutgoingRequest;
    try {
      request = build({
        ...webhook,
        eventId: derivedEventId(type, webhookId, challenge),
        eventType: type,
        eventVersion: 1,
        eventTimestamp: new Date(claimedAt * 1000).toISOString(),
        eventData: JSON.stringify(data),
      });
    } catch (error) {
      // The operator has to fix it (a key is missing).
      log.error('The challenge of a webhook could not be built.', { webhook_id: webhookId, error });
      return false;
    }
    const result = await send({ ...request, onFreshConnection: true });
    const failure = judgeChallenge(result, challenge);
    const sentence = failure && (attempt < VERIFICATION_ATTEMPTS ? failure.sentence : `${failure.sentence} ${GAVE_UP}`);
    observe(failure === null);
    const recorded = await record({ webhookId, url, error: failure && { class: failure.class, sentence: sentence ?? '' } });
    log.info(failure === null ? 'A webhook is verified.' : 'A webhook is not verified.', {
      webhook_id: webhookId,
      attempt,
      status_code: result.statusCode,
      error_class: failure?.class,
      error_code: result.errorCode ?? undefined,
      recorded,
    });
    return recorded && failure === null;
  };

  return async (isStopping: () => boolean): Promise<void> => {
    if (isOff) {
      let released = 0;
      while (!isStopping()) {
        const more = await release();
        released += more;
        if (more === 0) break;
      }
      if (released > 0) await refill();
      return;
    }
    const hosts = new Set<string>();
    const [now, later, exempt]: [UnverifiedWebhook[], string[], string[]] = [[], [], []];
    for (const webhook of await take()) {
      const host = destinationOf(webhook.url);
      // The setting, or the operator's networks, were others when it began to wait.
      if (!mustVerify(webhook.url)) exempt.push(webhook.webhookId);
      else if (hosts.has(host)) later.push(webhook.webhookId);
      else now.push(webhook);
      hosts.add(host);
    }
    if (later.length > 0) await postpone(later, SAME_HOST_MS);
    const released = exempt.length > 0 ? await release(exempt) : 0;
    const verified = await Promise.all(now.map(verify));
    if (released > 0 || verified.includes(true)) await refill();
  };
}
