import { createKnownEvents, type KnownEvent, type Loss } from './known-events.js';
import type { Subscribers } from './subscribers.js';
import type { StreamMetrics } from './metrics.js';
import type { StreamEvent, StreamPage } from './stream-event.js';

interface HubParts {
  /** Reads one page of the log after a position, in order, and checks that the log still has the remembered events. */
  readPage: (range: { after: number; remembered: readonly KnownEvent[] }) => Promise<CheckedPage>;
  /** Reads the newest events of the log, at most `limit`, in order. */
  readNewest: (limit: number) => Promise<KnownEvent[]>;
  subscribers: Pick<Subscribers, 'send'>;
  /** Ends all sessions of this process, those that catch up too, because the log was put back. */
  endSessions: () => void;
  metrics: Pick<StreamMetrics, 'announced' | 'caughtUp' | 'putBack'>;
  log: {
    warn: (message: string, details: object) => void;
    error: (message: string, details: object) => void;
  };
}

/** A page of the log, read together with a check. */
export interface CheckedPage extends StreamPage {
  /** Whether the log was put back behind a remembered event. */
  isPutBack: boolean;
}

/** Sends the event log, in its order, to the subscribers of this process. */
export interface Hub {
  /** The position up to which the subscribers got all events. */
  readonly position: number;
  /** How often the hub began again because the log was put back. A position from before is worth nothing after it. */
  readonly restarts: number;
  /** Whether the log may have been put back since the last read: announcements are not followed before the next one. */
  readonly isInDoubt: boolean;
  /** Starts at the end of the log. */
  start: () => Promise<void>;
  /** Announces events that were committed. Announcements are hints: the hub reads missing events from the log. */
  announce: (events: readonly StreamEvent[]) => void;
  /** Follows no announcement before the next successful read, because announcements may have been lost. */
  distrustAnnouncements: () => void;
  /** Reads events that were not announced from the log. Resolves when the subscribers got them. */
  catchUp: () => Promise<void>;
  /** Returns an event that the log lost when it was last put back, by its id. */
  findLost: (id: string) => LostEvent | undefined;
  /** Returns an event that the hub sent recently, by its id. */
  findSent: (id: string) => KnownEvent | undefined;
}

/** An event that the log lost when it was put back. */
export interface LostEvent extends KnownEvent {
  /** The position after which its recipients have to begin again. */
  resumeAfter: number;
}

/** The reason for a check before announcements are followed again. */
interface Doubt {
  /** An event whose position was announced with another event. */
  suspect: KnownEvent | undefined;
}

/** How many of its newest events a hub remembers: the most that the log may lose with an exact new beginning for clients. */
const REMEMBERED = 5000;
/**
 * The size of a batch for the sockets in one iteration of the event loop, in characters: a healthy socket takes it before
 * the next.
 */
const BATCH_CHARS = 64 * 1024;
/** The maximum size of queued events, in characters. Announcements beyond it are dropped, and read from the log later. */
const MAX_QUEUED_CHARS = 16 * 1024 * 1024;

/**
 * Creates a hub. The log is the source of truth: positions become visible in order, so an announcement that skips a position
 * means that the events in between are committed, and the hub reads all of them from the log.
 *
 * PostgreSQL may fail over to a replica without the newest commits, or be restored from a backup. Then positions are given
 * again, and a hub that only reads on from its own position would skip the new events up to it. So each read checks that the
 * log still has the hub's last event. Announcements alone could carry the hub past the reused positions between two reads;
 * therefore it compares them with the events that it remembers, and follows none while a read has failed or announcements may
 * be missing (decision 0039).
 */
export function createHub({ readPage, readNewest, subscribers, endSessions, metrics, log }: HubParts): Hub {
  let position = 0;
  let restarts = 0;
  let known = createKnownEvents(REMEMBERED);
  let loss: Loss | undefined;
  let doubt: Doubt | undefined;
  /** Events that are known and not sent yet, in order and without a gap. */
  const queue: StreamEvent[] = [];
  let queuedChars = 0;
  let sending: Promise<void> | undefined;

  const lastKnown = (): number => queue.at(-1)?.position ?? position;

  const sendBatch = (): void => {
    let size = 0;
    let count = 0;
    for (const { data } of queue) {
      if (count > 0 && size + data.length > BATCH_CHARS) break;
      size += data.length;
      count += 1;
    }
    const batch = queue.splice(0, count);
    queuedChars -= size;
    position = batch.at(-1)?.position ?? position;
    subscribers.send(batch);
  };

  /** Sends the queue from the next iteration of the event loop on, so that events of one iteration go out together. */
  const sendQueue = (): Promise<void> =>
    (sending ??= (async () => {
      do {
        await new Promise(setImmediate);
        sendBatch();
      } while (queue.length > 0);
      sending = undefined;
    })());

  const enqueue = (event: StreamEvent): void => {
    queue.push(event);
    queuedChars += event.data.length;
    known.add(event);
    void sendQueue();
  };

  /** Whether the hub remembers another event at the position of this one. */
  const isContradicted = ({ position: at, id }: KnownEvent): boolean => (known.at(at)?.id ?? id) !== id;

  const beginAt = (newest: readonly KnownEvent[]): void => {
    position = newest.at(-1)?.position ?? 0;
    known = createKnownEvents(REMEMBERED);
    newest.forEach(known.add);
  };

  const restart = async (): Promise<void> => {
    const newest = await readNewest(REMEMBERED);
    const from = lastKnown();
    loss = known.compareWith(newest);
    queue.length = 0;
    queuedChars = 0;
    doubt = undefined;
    beginAt(newest);
    restarts += 1;
    metrics.putBack();
    log.error('The event log was put back: it lost events that were accepted. All streams end, and begin again from the log.', {
      from,
      to: position,
      common: loss?.after ?? null,
    });
    // After the new position is set, so that no session can join the subscribers at the old one.
    endSessions();
  };

  const readRest = async (): Promise<void> => {
    try {
      let page: CheckedPage;
      do {
        const after = lastKnown();
        const checked = doubt;
        const remembered = [known.at(after), checked?.suspect].filter((event) => event !== undefined);
        page = await readPage({ after, remembered });
        // An announcement during the read may have been about an event that the log lost: its position has another event now.
        if (page.isPutBack || page.events.some(isContradicted)) {
          await restart();
          return;
        }
        // A doubt that arose during the read is for the next one.
        if (doubt === checked) doubt = undefined;
        // Announcements during the read may have queued some of these events already.
        const events = page.events.filter((event) => event.position > lastKnown());
        events.forEach(enqueue);
        metrics.caughtUp(events.length);
        await sending;
      } while (page.next !== null);
    } catch (error) {
      // PostgreSQL may return with an older log.
      doubt ??= { suspect: undefined };
      log.warn('The stream could not catch up from the log; it is tried again soon.', { error });
    }
  };

  /** A read that is running may miss the newest events, so a request during it causes one more read. */
  let catchingUp: Promise<void> | undefined;
  let isRequested = false;
  const catchUp = async (): Promise<void> => {
    isRequested = true;
    catchingUp ??= (async () => {
      while (isRequested) {
        isRequested = false;
        await readRest();
      }
    })().finally(() => {
      catchingUp = undefined;
    });
    await catchingUp;
  };

  return {
    get position() {
      return position;
    },
    get restarts() {
      return restarts;
    },
    get isInDoubt() {
      return doubt !== undefined;
    },
    async start() {
      beginAt(await readNewest(REMEMBERED));
    },
    announce(events) {
      for (const event of events) {
        if (event.position <= lastKnown()) {
          const same = known.at(event.position);
          if (same?.id === event.id) continue;
          doubt = { suspect: same ?? doubt?.suspect };
          void catchUp();
          return;
        }
        if (doubt !== undefined || event.position > lastKnown() + 1 || queuedChars > MAX_QUEUED_CHARS) {
          void catchUp();
          return;
        }
        metrics.announced(event);
        enqueue(event);
      }
    },
    distrustAnnouncements() {
      doubt = { suspect: doubt?.suspect };
    },
    catchUp,
    findLost(id) {
      const event = loss?.events.get(id);
      return loss && event && { ...event, resumeAfter: loss.after };
    },
    findSent: (id) => known.find(id),
  };
}
