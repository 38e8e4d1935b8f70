import { Problem } from '../problems/problem.js';
import type { Hub } from './hub.js';

type GapHub = Pick<Hub, 'catchUp' | 'findLost' | 'findSent' | 'isInDoubt'>;

/**
 * Returns the position after which a stream begins whose last event is not in the log: 0, the beginning of the log, unless
 * this process knows that the client has all events up to a later position.
 *
 * @param viewer the owner of the stream; null: all events are visible
 */
export async function positionAfterGap(id: string, viewer: string | null, hub: GapHub): Promise<number> {
  if (!hub.findLost(id) && !hub.findSent(id)) return 0;
  // The log may have been put back, and the hub may not know it yet.
  await hub.catchUp();
  if (hub.isInDoubt) {
    throw new Problem(503, 'The event log is not available', {
      detail: 'The database did not answer. Try again.',
      headers: { 'retry-after': '1' },
    });
  }
  const lost = hub.findLost(id);
  const event = lost ?? hub.findSent(id);
  if (!event || (viewer !== null && event.owner !== null && event.owner !== viewer)) return 0;
  return lost?.resumeAfter ?? event.position;
}
