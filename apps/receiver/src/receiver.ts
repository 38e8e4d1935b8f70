import express, { type Express } from 'express';
import { Webhook } from 'standardwebhooks';

/** One request to `/hook`. */
export interface ReceivedRequest {
  /** The header `webhook-id`, which is the same on every attempt. */
  id: string;
  /** Number of requests with this id so far, including this one. */
  attempt: number;
  /** Why the request was refused; null when its signature is valid. */
  refused: string | null;
  /** The event's type; only in a verified request. */
  type?: string;
  /** The event's data; only in a verified request. */
  data?: unknown;
}

interface ReceiverOptions {
  /** The webhook's secret, `whsec_…`. */
  secret: string;
  /** Called with every request to `/hook`. */
  onRequest: (received: ReceivedRequest) => void;
}

/** Limits the ids whose attempts are counted: beyond it, the id that was seen the longest ago is dropped. */
const MAX_COUNTED_IDS = 1000;

/**
 * Creates a receiver as a customer would write it. It verifies the signature of each POST to `/hook` before it parses the
 * body, and answers 204, the challenge when Tidings verifies the webhook, or 400 with the reason when the signature is not valid.
 */
export function createReceiver({ secret, onRequest }: ReceiverOptions): Express {
  const webhook = new Webhook(secret);
  const attempts = new Map<string, number>();
  const app = express().disable('x-powered-by');

  // The signature covers the bytes as received: parsing the JSON and printing it again would change them.
  app.post('/hook', express.raw({ type: () => true, limit: '1mb' }), (request, response) => {
    const id = request.get('webhook-id') ?? '(no id)';
    const attempt = (attempts.get(id) ?? 0) + 1;
    attempts.delete(id);
    attempts.set(id, attempt);
    const oldest = attempts.keys().next();
    if (attempts.size > MAX_COUNTED_IDS && !oldest.done) attempts.delete(oldest.value);

    try {
      const body = Buffer.isBuffer(request.body) ? request.body : '';
      const { type, data } = webhook.verify(body, request.headers as Record<string, string>) as { type: string; data: unknown };
      onRequest({ id, attempt, refused: null, type, data });
      // The answer by which Tidings knows that this URL expects its events (VERIFY_WEBHOOKS).
      if (type === 'webhook.verification') response.json({ challenge: (data as { challenge: string }).challenge });
      else response.status(204).end();
    } catch (error) {
      const refused = (error as Error).message;
      onRequest({ id, attempt, refused });
      response.status(400).type('text/plain').send(`${refused}\n`);
    }
  });

  return app;
}
