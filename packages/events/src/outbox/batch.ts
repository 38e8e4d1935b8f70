import { MAX_EVENTS, type Rejection, type WaitingEvent } from './waiting-events.js';

/** The events of a round: the first waiting ones, up to `limit`. */
export interface BatchPlan {
  limit: number;
  /** The position of an event that is left out, so that the one behind it is tried; undefined: none. */
  skip?: string;
  /** The position of an event that is rejected when it fails once more; undefined: none. */
  lastTry?: string;
}

/** The result of a round for the events that were tried. */
export interface BatchResult {
  relayed: number;
  rejected: readonly Rejection[];
  /** The events whose publishing failed without a rejection; undefined: none. */
  failed?: readonly Pick<WaitingEvent, 'position'>[] | undefined;
}

/** Decides how many events a relay publishes at once. */
export interface Batch {
  plan: () => BatchPlan;
  /** Records the result of a round with this plan. Returns whether the next round has fewer events than the failed one. */
  record: (plan: BatchPlan, result: BatchResult) => boolean;
}

/** How often an event must fail alone before the event behind it is tried. */
const STUCK_AFTER = 10;
/** A round without a failure adds this part of the limit. A failure costs a timeout, so the limit grows slowly. */
const GROWTH = 1 / 8;

/**
 * Creates the batch of a relay. A failure, such as a timeout, halves it, down to one event; rounds without one let it grow again.
 *
 * An event that fails again and again alone either finds Tidings away, or cannot be accepted itself. The event behind it tells:
 * when that one is accepted, the first has one more try, and is rejected when it fails. So no event is rejected while Tidings
 * accepts nothing, and none holds up the others for good.
 */
export function createBatch(): Batch {
  let limit = MAX_EVENTS;
  let stuck: { position: string; failures: number; isOvertaken: boolean } | undefined;

  return {
    plan() {
      if (stuck?.isOvertaken) return { limit: 1, lastTry: stuck.position };
      // Every second round tries the stuck event itself.
      if (stuck !== undefined && stuck.failures >= STUCK_AFTER && stuck.failures % 2 === 0)
        return { limit: 1, skip: stuck.position };
      return { limit };
    },
    record({ skip }, { relayed, rejected, failed }) {
      if (skip !== undefined && stuck !== undefined) {
        if (relayed > 0) stuck.isOvertaken = true;
        else stuck.failures += 1;
        return false;
      }
      if (failed === undefined) {
        if (relayed + rejected.length === 0) return false;
        limit = Math.min(Math.ceil(limit * (1 + GROWTH)), MAX_EVENTS);
        stuck = undefined;
        return false;
      }
      const [first] = failed;
      limit = Math.max(1, Math.floor(failed.length / 2));
      if (failed.length > 1 || first === undefined) {
        stuck = undefined;
        return true;
      }
      const failures = stuck?.position === first.position ? stuck.failures + 1 : 1;
      stuck = { position: first.position, failures, isOvertaken: false };
      return false;
    },
  };
}
