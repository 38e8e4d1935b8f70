import express, { type Express } from 'express';
import { Webhook } from 'standardwebhooks';

/** What arrived, as far as it can be known. */
export interface Arrival {
  /** `webhook-id`: the same on every attempt. */
  id: string;
  /** How many times this id has arrived, this one included. */
  attempt: number;
  /** Why it was refused; null when its signature is right. */
  refused: string | null;
  /** The event's type, once verified. */
  type?: string;
  /** The event's data, once verified. */
  data?: unknown;
}

interface ReceiverOptions {
  /** The webhook's secret, `whsec_…`. */
  secret: string;
  /** Called with every request to `/hook`. */
  onArrival: (arrival: Arrival) => void;
}

/** How many ids are remembered, to count attempts; then the oldest is forgotten. */
const REMEMBERED = 1000;

/**
 * A receiver as a customer would write it: verifies the signature of what is posted to `/hook` before it looks at it,
 * and answers 204, or 400 when the signature is wrong.
 */
export function createReceiver({ secret, onArrival }: ReceiverOptions): Express {
  const webhook = new Webhook(secret);
  const attempts = new Map<string, number>();
  const app = express().disable('x-powered-by');

  // The signature is over the bytes as they came: parsing and printing JSON again would change them.
  app.post('/hook', express.raw({ type: () => true, limit: '1mb' }), (request, response) => {
    const id = request.get('webhook-id') ?? '(no id)';
    const attempt = (attempts.get(id) ?? 0) + 1;
    attempts.delete(id);
    attempts.set(id, attempt);
    const oldest = attempts.keys().next();
    if (attempts.size > REMEMBERED && !oldest.done) attempts.delete(oldest.value);

    try {
      const body = Buffer.isBuffer(request.body) ? request.body : '';
      const { type, data } = webhook.verify(body, request.headers as Record<string, string>) as { type: string; data: unknown };
      onArrival({ id, attempt, refused: null, type, data });
      response.status(204).end();
    } catch (error) {
      const refused = (error as Error).message;
      onArrival({ id, attempt, refused });
      response.status(400).type('text/plain').send(`${refused}\n`);
    }
  });

  return app;
}
