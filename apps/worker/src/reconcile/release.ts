import type { AdmittedDelivery } from '@tidings/database';

interface ReleaseParts {
  /** Gives the free slots of these webhooks to parked deliveries, and returns those deliveries. */
  admit: (webhookIds: readonly string[]) => Promise<AdmittedDelivery[]>;
  enqueue: (deliveries: readonly (AdmittedDelivery & { newJobId: true })[]) => Promise<void>;
}

/**
 * Enqueues as many parked deliveries of these webhooks as they have free slots. Rejects when PostgreSQL or Redis is away; the
 * reconciler tries again in its next round.
 */
export type Release = (webhookIds: readonly string[]) => Promise<void>;

const BATCH = 200;

/**
 * Creates the function that moves parked deliveries to the queue as slots become free. It runs once at a time; calls during a
 * run share the next run. The jobs get new ids, since the job that found no free slot may not have ended yet.
 */
export function createRelease({ admit, enqueue }: ReleaseParts): Release {
  let waiting = new Set<string>();
  let running = Promise.resolve();

  const run = async (): Promise<void> => {
    const webhookIds = [...waiting];
    waiting = new Set();
    for (let from = 0; from < webhookIds.length; from += BATCH) {
      const admitted = await admit(webhookIds.slice(from, from + BATCH));
      if (admitted.length > 0) await enqueue(admitted.map((delivery) => ({ ...delivery, newJobId: true as const })));
    }
  };

  return (webhookIds) => {
    for (const id of webhookIds) waiting.add(id);
    running = running.catch(() => undefined).then(run);
    return running;
  };
}
