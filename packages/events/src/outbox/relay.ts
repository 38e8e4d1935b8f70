import type { Publishable } from '../catalog.js';
import type { EventDraft } from '../event.js';
import { moveEvents, type PublishEvents } from './move-events.js';
import { OUTBOX_CHANNEL } from './outbox-table.js';
import type { OutboxConnection } from './waiting-events.js';

export interface OutboxRelayOptions<Event extends EventDraft = Publishable> {
  /** Connects to the database of the outbox, for the relay alone. It is called again when a connection broke. */
  connect: () => PromiseLike<OutboxConnection>;
  /**
   * Hands at most 1,000 events to Tidings, all or none: `publisher.publish`, or `publishOverHttp`. Repeating ids must do no
   * harm. What it throws stops the relay for a while, and then the same events come again; except for an
   * {@link InvalidEventError} or a `RejectedEventError`: then the event that is to blame is looked for, and kept.
   */
  publish: (events: readonly Event[]) => PromiseLike<unknown>;
  /** Told of what goes wrong: `console` will do. */
  log: { warn: (message: string, details: object) => void; error: (message: string, details: object) => void };
  /** How often to look when nothing was heard, in milliseconds. Default 1,000. */
  pollMs?: number;
  /** Told of each event that was taken out of the outbox, or kept in it as rejected: for metrics. */
  observe?: (outcome: 'relayed' | 'rejected', count: number) => void;
}

export interface OutboxRelay {
  /** Begins to move events, and goes on until it is stopped, whatever is away. */
  start: () => void;
  /** Ends the round under way, for two seconds at most, and hangs up. What it did not finish, another relay will. */
  stop: () => Promise<void>;
}

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;
const STOP_MS = 2000;

/**
 * Moves events from an outbox to Tidings, in the order in which their transactions committed. Any number of relays may run at
 * once: one moves, the others wait. Each event is in Tidings once, since its id makes a repeat no new event.
 */
export function createOutboxRelay<Event extends EventDraft = Publishable>(options: OutboxRelayOptions<Event>): OutboxRelay {
  const { connect, log, pollMs = 1000, observe } = options;
  const publish = options.publish as PublishEvents;
  let stopping = false;
  let running: Promise<void> | undefined;
  let connection: OutboxConnection | undefined;
  let heard = false;
  let wake = (): void => undefined;

  const hear = (): void => {
    heard = true;
    wake();
  };
  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (heard || stopping) {
        resolve();
        return;
      }
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const open = async (): Promise<OutboxConnection> => {
    const opened = await connect();
    connection = opened;
    if (opened.on) {
      const hearIfCurrent = (): void => {
        if (connection === opened) hear();
      };
      opened.on('notification', hearIfCurrent);
      // The next round finds out what is wrong. Without a listener the process would end.
      opened.on('error', hearIfCurrent);
      await opened.query(`LISTEN ${OUTBOX_CHANNEL}`);
    }
    return opened;
  };
  const hangUp = (): void => {
    const closing = connection;
    connection = undefined;
    heard = false;
    // Nobody waits for it: the other end may be gone.
    closing?.end().then(undefined, () => undefined);
  };

  const round = async (): Promise<boolean> => {
    const current = connection ?? (await open());
    if (stopping) {
      hangUp();
      return false;
    }
    heard = false;
    const { relayed, rejected } = await moveEvents(current, publish);
    if (relayed > 0) observe?.('relayed', relayed);
    if (rejected.length > 0) observe?.('rejected', rejected.length);
    for (const { event, reason } of rejected) {
      log.error('An event of an outbox was rejected. It stays in tidings.outbox, with the error.', {
        event_id: event.id,
        reason,
      });
    }
    return relayed + rejected.length > 0;
  };

  const run = async (): Promise<void> => {
    let failures = 0;
    for (;;) {
      try {
        const moved = await round();
        failures = 0;
        if (!moved) await rest(pollMs);
      } catch (error) {
        hangUp();
        if (stopping) return;
        failures += 1;
        const retryInMs = retryDelay(failures);
        log.warn('An outbox could not be relayed; it is tried again.', { ...hint(error), error, retry_in_ms: retryInMs });
        await rest(retryInMs);
      }
      if (stopping) return;
    }
  };

  return {
    start() {
      running ??= run();
    },
    async stop() {
      stopping = true;
      wake();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, STOP_MS)));
      await Promise.race([running, late]);
      clearTimeout(timer);
      hangUp();
    },
  };
}

/** From a quarter of a second up to half a minute, and up to a half less, so that relays do not come back all at once. */
function retryDelay(failures: number): number {
  const delay = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS);
  return Math.round(delay * (1 - Math.random() / 2));
}

/**
 * What to do about the mistakes that a new outbox has. The codes are PostgreSQL's; the name tells them apart from those of the
 * database that the publish function may have.
 */
function hint(error: unknown): { hint?: string } {
  if (!(error instanceof Error) || !/\b(tidings|outbox)\b/.test(error.message)) return {};
  switch ((error as { code?: unknown }).code) {
    case '42P01':
      return { hint: "There is no tidings.outbox in that database: run what outboxTable() says, in the service's migrations." };
    case '42501':
      return { hint: "The relay's role needs USAGE on the schema tidings, and SELECT, UPDATE and DELETE on tidings.outbox." };
    default:
      return {};
  }
}
