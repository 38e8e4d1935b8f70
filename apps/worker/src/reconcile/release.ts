import type { AdmittedDelivery } from '@tidings/database';

interface ReleaseParts {
  /** Gives the free slots of these webhooks to what waits for them. */
  take: (webhookIds: readonly string[]) => Promise<AdmittedDelivery[]>;
  enqueue: (deliveries: readonly (AdmittedDelivery & { anew: true })[]) => Promise<void>;
}

/** Resolves when what these webhooks have slots for is enqueued. Throws when PostgreSQL or Redis is away: the reconciler looks again. */
export type Release = (webhookIds: readonly string[]) => Promise<void>;

const BATCH = 200;

/**
 * Moves parked deliveries to the queue as slots become free. One run at a time: webhooks that are named meanwhile share
 * the next one. Jobs get ids of their own, since the job that found no slot may not have ended yet.
 */
export function createRelease({ take, enqueue }: ReleaseParts): Release {
  let waiting = new Set<string>();
  let running = Promise.resolve();

  const run = async (): Promise<void> => {
    const webhookIds = [...waiting];
    waiting = new Set();
    for (let from = 0; from < webhookIds.length; from += BATCH) {
      const admitted = await take(webhookIds.slice(from, from + BATCH));
      if (admitted.length > 0) await enqueue(admitted.map((delivery) => ({ ...delivery, anew: true as const })));
    }
  };

  return (webhookIds) => {
    for (const id of webhookIds) waiting.add(id);
    running = running.catch(() => undefined).then(run);
    return running;
  };
}
