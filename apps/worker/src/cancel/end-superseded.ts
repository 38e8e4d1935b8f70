import type { Ended } from '@tidings/database';

interface EndSupersededParts {
  /** Ends a chunk of the deliveries of one webhook, in one commit; null when there is no webhook whose deliveries are to be ended. */
  endNext: () => Promise<Ended | null>;
  /** Called for deliveries that ended, for the metrics. */
  onEnded: (status: 'cancelled' | 'skipped', count: number) => void;
  log: { info: (message: string, details: object) => void };
}

/** After so many chunks in a row that ended nothing the round ends: their rows are locked. */
const EMPTY_CHUNKS = 100;

/**
 * Creates one round of the periodic task that ends the pending deliveries of webhooks that were disabled or deleted, chunk by
 * chunk. It may come late: a claim recognizes such a delivery by its webhook's generation, and ends it without a request.
 */
export function createEndSuperseded({ endNext, onEnded, log }: EndSupersededParts) {
  return async (isStopping: () => boolean): Promise<void> => {
    let total = 0;
    let empty = 0;
    while (empty < EMPTY_CHUNKS && !isStopping()) {
      const ended = await endNext();
      if (ended === null) break;
      const { cancelled, skipped } = ended;
      if (cancelled > 0) onEnded('cancelled', cancelled);
      if (skipped > 0) onEnded('skipped', skipped);
      total += cancelled + skipped;
      empty = cancelled + skipped > 0 ? 0 : empty + 1;
    }
    if (total > 0) log.info('Ended deliveries of webhooks that were disabled or deleted.', { count: total });
  };
}
