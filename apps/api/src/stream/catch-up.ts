import type { Subscribers } from './subscribers.js';
import { frame } from './frame.js';
import type { Hub } from './hub.js';
import type { StreamMetrics } from './metrics.js';
import type { Session } from './session.js';
import type { StreamPage } from './stream-event.js';

interface CatchUpParts {
  hub: Pick<Hub, 'position' | 'catchUp'>;
  audience: Pick<Subscribers, 'join'>;
  /** What the session may see after a position, up to another one, in order, as far as a page goes. */
  readPage: (range: { after: number; until: number }) => Promise<StreamPage>;
  metrics: Pick<StreamMetrics, 'clientCaughtUp'>;
}

/**
 * Brings a session from where its client was to where the hub is, and hands it over there: nothing missed, nothing
 * twice. It reads no further than the hub has come, as the rest will come from the hub. Only when the hub has not moved
 * meanwhile, in the same turn of the event loop, may it take over.
 *
 * Throws when the log cannot be read.
 */
export async function catchUp(session: Session, { hub, audience, readPage, metrics }: CatchUpParts): Promise<void> {
  // The client was connected to a process that is ahead of this one.
  if (session.position > hub.position) await hub.catchUp();
  if (session.position > hub.position) throw new Error('The stream is behind what its client has, and cannot be caught up.');

  let count = 0;
  while (session.open && session.position < hub.position) {
    const until = hub.position;
    const { events, complete } = await readPage({ after: session.position, until });
    for (const event of events) {
      await session.drained();
      session.write(frame(event), 1);
      session.position = event.position;
    }
    count += events.length;
    if (complete) session.position = until;
  }
  metrics.clientCaughtUp(count);
  if (session.open) audience.join(session);
}
