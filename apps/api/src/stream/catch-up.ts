import type { Subscribers } from './subscribers.js';
import { frame } from './frame.js';
import type { Hub } from './hub.js';
import type { StreamMetrics } from './metrics.js';
import type { Session } from './session.js';
import type { StreamPage } from './stream-event.js';

interface CatchUpParts {
  hub: Pick<Hub, 'position' | 'isInDoubt' | 'catchUp'>;
  subscribers: Pick<Subscribers, 'join'>;
  /** Reads one page, in order, of the events after `after` and up to `until` that the session may see. */
  readPage: (range: { after: number; until: number }) => Promise<StreamPage>;
  metrics: Pick<StreamMetrics, 'clientCaughtUp'>;
}

/**
 * Sends a session the events from its client's position to the hub's position, and then adds it to the subscribers of the
 * hub, so that the client misses no event and gets none twice. It reads only up to the hub's position, because later events
 * come from the hub. The session joins only when the hub has not moved since the last read; the comparison and the join
 * happen without an await between them.
 *
 * Throws when the log cannot be read.
 */
export async function catchUp(session: Session, { hub, subscribers, readPage, metrics }: CatchUpParts): Promise<void> {
  // The client was connected to another process, which is ahead of this one.
  if (session.position > hub.position) await hub.catchUp();
  // The hub ends all sessions when it finds that the log was put back.
  if (session.isOpen && session.position > hub.position)
    throw new Error('This process is behind the position of the client, and could not catch up from the log.');

  let count = 0;
  while (session.isOpen && session.position < hub.position) {
    const until = hub.position;
    const { events, next } = await readPage({ after: session.position, until });
    // After an outage of PostgreSQL the page may come from a log that was put back: the hub then ends this session.
    if (hub.isInDoubt) {
      await hub.catchUp();
      continue;
    }
    for (const event of events) {
      await session.drained();
      session.write(frame(event), 1);
      session.position = event.position;
    }
    count += events.length;
    session.position = next ?? until;
  }
  metrics.clientCaughtUp(count);
  if (session.isOpen) subscribers.join(session);
}
