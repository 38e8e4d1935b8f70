import type { Subscribers } from './subscribers.js';
import type { StreamMetrics } from './metrics.js';
import type { StreamEvent, StreamPage } from './stream-event.js';

interface HubParts {
  /** Reads one page of the log after a position, in order. */
  readPage: (after: number) => Promise<StreamPage>;
  subscribers: Pick<Subscribers, 'send'>;
  metrics: Pick<StreamMetrics, 'announced' | 'caughtUp'>;
  log: { warn: (message: string, details: object) => void };
}

/** Sends the event log, in its order, to the subscribers of this process. */
export interface Hub {
  /** The position up to which the subscribers got all events. */
  readonly position: number;
  /** Starts at this position, usually the end of the log. */
  start: (position: number) => void;
  /** Announces events that were committed. Announcements are hints: the hub reads missing events from the log. */
  announce: (events: readonly StreamEvent[]) => void;
  /** Reads events that were not announced from the log. Resolves when the subscribers got them. */
  catchUp: () => Promise<void>;
}

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
 */
export function createHub({ readPage, subscribers, metrics, log }: HubParts): Hub {
  let position = 0;
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
    void sendQueue();
  };

  const readRest = async (): Promise<void> => {
    try {
      let page: StreamPage;
      do {
        page = await readPage(lastKnown());
        // Announcements during the read may have queued some of these events already.
        const events = page.events.filter((event) => event.position > lastKnown());
        events.forEach(enqueue);
        metrics.caughtUp(events.length);
        await sending;
      } while (!page.complete);
    } catch (error) {
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
    start(from) {
      position = from;
    },
    announce(events) {
      for (const event of events) {
        if (event.position <= lastKnown()) continue;
        if (event.position > lastKnown() + 1 || queuedChars > MAX_QUEUED_CHARS) {
          void catchUp();
          return;
        }
        metrics.announced(event);
        enqueue(event);
      }
    },
    catchUp,
  };
}
