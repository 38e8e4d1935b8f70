import { frame } from './frame.js';
import type { Hub, StreamEvent } from './hub.js';
import type { Session } from './session.js';

interface ReplayParts {
  hub: Pick<Hub, 'position'>;
  /** What the session's user may see after a position, in order. */
  readPage: (session: Session, limit: number) => Promise<StreamEvent[]>;
}

const PAGE = 200;

/**
 * Brings a session from where its client was to where the hub is, and makes it live there: nothing missed, nothing
 * twice. Whatever the hub had reached before a page was read is committed, so a page that is not full shows all of it.
 * Only when the hub has not moved since then, in the same turn of the event loop, may the hub take over.
 */
export async function replay(session: Session, { hub, readPage }: ReplayParts): Promise<void> {
  let caughtUp = session.position;
  while (!session.closed) {
    if (caughtUp >= hub.position) {
      session.live = true;
      return;
    }
    const reached = hub.position;
    const events = await readPage(session, PAGE);
    for (const event of events) {
      session.position = event.position;
      session.write(frame(event));
    }
    await session.drained();
    caughtUp = events.length < PAGE ? Math.max(reached, session.position) : session.position;
  }
}
