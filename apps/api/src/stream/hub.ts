import type { Subscribers } from './subscribers.js';
import type { StreamMetrics } from './metrics.js';
import type { StreamEvent, StreamPage } from './stream-event.js';

interface HubParts {
  /** The log after a position, in order, as far as a page goes. */
  readPage: (after: number) => Promise<StreamPage>;
  audience: Pick<Subscribers, 'send'>;
  metrics: Pick<StreamMetrics, 'announced' | 'caughtUp'>;
  log: { warn: (message: string, details: object) => void };
}

export interface Hub {
  /** The position up to which the audience has everything. */
  readonly position: number;
  /** Begins at the end of the log. */
  start: (position: number) => void;
  /** Events were committed. A hint: what it leaves out is read from the log. */
  announce: (events: readonly StreamEvent[]) => void;
  /** Reads from the log whatever was not announced. Resolves when the audience has it. */
  catchUp: () => Promise<void>;
}

/** So much goes to the sockets in one turn of the event loop, in characters: healthy ones take it before the next. */
const PORTION = 64 * 1024;
/** What is announced beyond this is read from the log in its time, in characters. */
const MAX_WAITING = 16 * 1024 * 1024;

/**
 * Brings the log to the audience, in its one order. The log is the truth: positions become visible in their order, so an
 * announcement that is not the next one means that others are on their way, and all of them are read from the log.
 */
export function createHub({ readPage, audience, metrics, log }: HubParts): Hub {
  let position = 0;
  /** What is known and not sent yet, in order and without a gap. */
  const waiting: StreamEvent[] = [];
  let waitingSize = 0;
  let sent: Promise<void> | undefined;

  const known = (): number => waiting.at(-1)?.position ?? position;

  const sendPortion = (): void => {
    let size = 0;
    let count = 0;
    for (const { data } of waiting) {
      if (count > 0 && size + data.length > PORTION) break;
      size += data.length;
      count += 1;
    }
    const portion = waiting.splice(0, count);
    waitingSize -= size;
    position = portion.at(-1)?.position ?? position;
    audience.send(portion);
  };

  /** What comes in one turn of the event loop goes out together. */
  const sendWaiting = (): Promise<void> =>
    (sent ??= (async () => {
      do {
        await new Promise(setImmediate);
        sendPortion();
      } while (waiting.length > 0);
      sent = undefined;
    })());

  const add = (event: StreamEvent): void => {
    waiting.push(event);
    waitingSize += event.data.length;
    void sendWaiting();
  };

  const readRest = async (): Promise<void> => {
    try {
      let page: StreamPage;
      do {
        page = await readPage(known());
        // Announcements that came while it was read may know more by now.
        const events = page.events.filter((event) => event.position > known());
        events.forEach(add);
        metrics.caughtUp(events.length);
        await sent;
      } while (!page.complete);
    } catch (error) {
      log.warn('The stream could not be caught up from the log; it is tried again soon.', { error });
    }
  };

  /** A doubt that arises during a read may be about what that read no longer sees, so one more follows it. */
  let catchingUp: Promise<void> | undefined;
  let again = false;
  const catchUp = async (): Promise<void> => {
    again = true;
    catchingUp ??= (async () => {
      while (again) {
        again = false;
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
        if (event.position <= known()) continue;
        if (event.position > known() + 1 || waitingSize > MAX_WAITING) {
          void catchUp();
          return;
        }
        metrics.announced(event);
        add(event);
      }
    },
    catchUp,
  };
}
