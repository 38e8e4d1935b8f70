import type { Publishable } from '../catalog.js';
import type { EventDraft } from '../event.js';
import { createBatch } from './batch.js';
import { moveEvents, type PublishEvents } from './move-events.js';
import { OUTBOX_CHANNEL } from './outbox-table.js';
import type { OutboxConnection } from './waiting-events.js';

/** The options of {@link createOutboxRelay}. */
export interface OutboxRelayOptions<Event extends EventDraft = Publishable> {
  /** Opens a connection to the database of the outbox, for the relay alone. It is called again after a connection broke. */
  connect: () => PromiseLike<OutboxConnection>;
  /**
   * Publishes at most 1,000 events to Tidings, all or none: `publisher.publish`, or `publishOverHttp`. Publishing the same ids
   * again must have no effect. After an {@link InvalidEventError} or a `RejectedEventError` the relay finds the rejected event
   * and marks it in the outbox. After any other error, such as a timeout, it waits, and then publishes the first half of the same
   * events, down to one. An event that fails alone ten times while the event behind it is accepted is marked as rejected, too.
   */
  publish: (events: readonly Event[]) => PromiseLike<unknown>;
  /** The logger for failures, such as `console`. */
  log: { warn: (message: string, details: object) => void; error: (message: string, details: object) => void };
  /** The interval of polls without a notification, in milliseconds. Default 1,000. */
  pollMs?: number;
  /** The longest wait after a failure, in milliseconds. Default 30,000. */
  maxRetryMs?: number;
  /** Called with the number of events that were relayed, or that stay in the outbox as rejected, for metrics. */
  observe?: (outcome: 'relayed' | 'rejected', count: number) => void;
}

/** Moves events from an outbox to Tidings. */
export interface OutboxRelay {
  /** Starts to move events, until it is stopped. While the database or Tidings is away, the relay retries. */
  start: () => void;
  /** Waits for the current round, for at most two seconds, and disconnects. Events that are left wait for another relay. */
  stop: () => Promise<void>;
}

const FIRST_RETRY_MS = 250;
const STOP_MS = 2000;

/**
 * Creates a relay, which moves events from an outbox to Tidings in the order in which their transactions committed. Any number
 * of relays may run at once: one moves events, the others wait. Each event is in Tidings once, because an event that is
 * published again with the same id is not a new event.
 */
export function createOutboxRelay<Event extends EventDraft = Publishable>(options: OutboxRelayOptions<Event>): OutboxRelay {
  const { connect, log, pollMs = 1000, maxRetryMs = 30_000, observe } = options;
  const publish = options.publish as PublishEvents;
  const batch = createBatch();
  let stopping = false;
  let running: Promise<void> | undefined;
  let connection: OutboxConnection | undefined;
  let isNotified = false;
  let wake = (): void => undefined;

  const notify = (): void => {
    isNotified = true;
    wake();
  };
  const waitForNotification = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (isNotified || stopping) {
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
      const notifyIfCurrent = (): void => {
        if (connection === opened) notify();
      };
      opened.on('notification', notifyIfCurrent);
      // The next round gets the error. Without a listener the error would end the process.
      opened.on('error', notifyIfCurrent);
      await opened.query(`LISTEN ${OUTBOX_CHANNEL}`);
    }
    return opened;
  };
  const disconnect = (): void => {
    const closing = connection;
    connection = undefined;
    isNotified = false;
    // Not awaited: the server may be gone.
    closing?.end().then(undefined, () => undefined);
  };

  /** Runs one round. Returns whether it relayed or rejected any event, and the failure to publish, if any. */
  const runRound = async (): Promise<Round> => {
    const current = connection ?? (await open());
    if (stopping) {
      disconnect();
      return { hasMoved: false };
    }
    isNotified = false;
    const plan = batch.plan();
    const { relayed, rejected, failure } = await moveEvents(current, publish, plan);
    const isHalved = batch.record(plan, { relayed, rejected, failed: failure?.events });
    if (relayed > 0) observe?.('relayed', relayed);
    if (rejected.length > 0) observe?.('rejected', rejected.length);
    for (const { event, reason } of rejected) {
      log.error('An event of an outbox was rejected. It stays in tidings.outbox, with the error.', {
        event_id: event.id,
        reason,
      });
    }
    return { hasMoved: relayed + rejected.length > 0, ...(failure && { failure: { error: failure.error, isHalved } }) };
  };

  const run = async (): Promise<void> => {
    let failures = 0;
    for (;;) {
      const { hasMoved, failure } = await runRound().catch((error: unknown): Round => ({
        hasMoved: false,
        failure: { error, isHalved: false },
      }));
      if (failure === undefined) {
        failures = 0;
        if (!hasMoved) await waitForNotification(pollMs);
      } else {
        const { error, isHalved } = failure;
        disconnect();
        if (stopping) return;
        // Half of the events are tried soon. The waits grow once there is nothing to halve.
        if (!isHalved) failures += 1;
        const retryInMs = retryDelay(isHalved ? 1 : failures, maxRetryMs);
        log.warn('An outbox could not be relayed; it is tried again.', { ...hint(error), error, retry_in_ms: retryInMs });
        await waitForNotification(retryInMs);
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
      const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, STOP_MS)));
      await Promise.race([running, deadline]);
      clearTimeout(timer);
      disconnect();
    },
  };
}

/** The result of a round of a relay. */
interface Round {
  hasMoved: boolean;
  failure?: {
    error: unknown;
    /** Whether the next round has fewer events. */
    isHalved: boolean;
  };
}

/** Returns a wait from 250 ms up to `maxMs`, reduced by up to a half at random, so that relays do not reconnect all at once. */
function retryDelay(failures: number, maxMs: number): number {
  const delay = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), maxMs);
  return Math.round(delay * (1 - Math.random() / 2));
}

/**
 * Returns a hint for the usual mistakes with a new outbox: no table, or no rights. The codes are those of PostgreSQL. The message
 * must name the outbox, since an error of `publish` may come from another database with the same code.
 */
function hint(error: unknown): { hint?: string } {
  if (!(error instanceof Error) || !/\b(tidings|outbox)\b/.test(error.message)) return {};
  switch ((error as { code?: unknown }).code) {
    case '42P01':
      return { hint: 'There is no tidings.outbox in that database: run the SQL of outboxTable() in a migration of the service.' };
    case '42501':
      return { hint: "The relay's role needs USAGE on the schema tidings, and SELECT, UPDATE and DELETE on tidings.outbox." };
    default:
      return {};
  }
}
