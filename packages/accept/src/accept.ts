import { createGroupCommit } from '@tidings/database';
import { acceptEvents, type AcceptedEvent, type Queryable } from '@tidings/database';
import { catalog, patternsMatching, type TidingsEvent } from '@tidings/events';
import { WAKE_AFTER_MS, type DeliveriesQueue } from '@tidings/queue';
import type { Tracing } from '@tidings/runtime/tracing';
import { encodeAnnouncement, streamChannel } from './announcement.js';
import { ConflictingEventError } from './conflicting-event-error.js';
import { sharesOf, traceAccept, traceEnqueue } from './trace.js';

/** What became of an event: new in the log, or there already. */
export interface Acceptance {
  id: string;
  status: 'accepted' | 'repeated';
}

export interface AcceptParts {
  sql: Queryable;
  queue: Pick<DeliveriesQueue, 'enqueue'>;
  redis: { publish: (channel: string, message: string) => Promise<unknown> };
  prefix: string;
  /** Told of every commit, and of calls that were refused, for the metrics. */
  observe?: AcceptObserver;
  log: { warn: (message: string, details: object) => void; debug: (message: string, details: object) => void };
  /** Default: no traces. */
  tracing?: Tracing | undefined;
}

/** Who is told what came of commits. */
export interface AcceptObserver {
  /** A commit ended. Times are in milliseconds. */
  committed: (commit: {
    events: number;
    accepted: number;
    repeated: number;
    deliveries: number;
    /** Of the deliveries: those to webhooks that Tidings disabled. */
    skipped: number;
    durationMs: number;
  }) => void;
  /** So many calls of a commit were refused. */
  rejected: (reason: 'conflict' | 'unavailable', calls: number) => void;
}

export interface Accept {
  /**
   * Accepts valid events, all or none. Resolves once they and their deliveries are committed (I1), in their order.
   * Throws a {@link ConflictingEventError} when an id is taken by another event, and nothing of the call is accepted.
   * Throws the database's error, and then none of them is in the log as a rule. They are when the connection broke during
   * the commit itself, or when a call of the same time failed after it: so repeat with the same ids.
   */
  (events: readonly TidingsEvent[]): Promise<Acceptance[]>;
  /** Resolves when everything accepted so far was offered to Redis. */
  idle: () => Promise<void>;
}

const MAX_EVENTS_A_COMMIT = 1000;
/** An event counts once more for each of these in its data, so that a commit of many callers stays at about 4 MB. */
const LARGE_CHARACTERS = 4096;

/**
 * Steps 2 and 3 of an event's journey, for the API and for the worker. Calls that arrive while a commit is under way
 * share the next one. Redis comes after the commit and is never waited for: when it is away, the reconciler enqueues,
 * and the stream catches up from the log.
 */
export function createAccept({ sql, queue, redis, prefix, observe, log, tracing }: AcceptParts): Accept {
  const following = new Set<Promise<void>>();

  const follow = (name: string, work: Promise<unknown>): void => {
    const done = work
      .then(() => undefined)
      .catch((error: unknown) => {
        log.warn(`Redis did not take what was accepted (${name}); it is picked up from the database.`, { error });
      })
      .finally(() => following.delete(done));
    following.add(done);
  };

  const commit = async (offered: Call[]): Promise<Answer[]> => {
    const calls = offered.map(toNewEvents);
    const events = calls.flat();
    const patterns = new Map(events.map(({ type }) => [type, catalog.isOwn(type) ? [] : patternsMatching(type)]));
    const startedAt = performance.now();
    const answers = await acceptEvents(sql, calls, { patterns, wakeAfterMs: WAKE_AFTER_MS }).catch((error: unknown) => {
      observe?.rejected('unavailable', calls.length);
      throw error;
    });
    const { accepted, deliveryIds, written, conflicts } = answers;
    if (conflicts.size > 0) observe?.rejected('conflict', conflicts.size);
    const valid = calls.reduce((sum, call, index) => (conflicts.has(index) ? sum : sum + call.length), 0);
    observe?.committed({
      events: events.length,
      accepted: accepted.length,
      repeated: valid - accepted.length,
      ...written,
      durationMs: performance.now() - startedAt,
    });
    const byId = new Map(accepted.map((event) => [event.id, event]));
    if (deliveryIds.length > 0) {
      const enqueue = () => queue.enqueue(deliveryIds.map((id) => ({ id })));
      follow('enqueue', tracing === undefined ? enqueue() : traceEnqueue(tracing, sharesOf(offered, answers), enqueue));
    }
    if (accepted.length > 0) {
      const logged = calls.flatMap((call, index) => (conflicts.has(index) ? [] : call));
      follow('announce', redis.publish(streamChannel(prefix), announcement(logged, byId)));
    }
    return calls.map((call, index) => {
      const ids = conflicts.get(index);
      return ids ? new ConflictingEventError(ids) : answer(call, byId);
    });
  };

  const batch = createGroupCommit({
    run: commit,
    maxWeight: MAX_EVENTS_A_COMMIT,
    weigh: ({ events }: Call) => events.reduce((sum, { data }) => sum + 1 + Math.floor(data.length / LARGE_CHARACTERS), 0),
  });

  const share = async (events: readonly TidingsEvent[], traceparent: string | null): Promise<Acceptance[]> => {
    const result = await batch({ events, traceparent });
    if (result instanceof ConflictingEventError) throw result;
    return result;
  };

  const accept = async (events: readonly TidingsEvent[]): Promise<Acceptance[]> => {
    const accepted =
      tracing === undefined
        ? await share(events, null)
        : await traceAccept(tracing, events, (traceparent) => share(events, traceparent));
    accepted.forEach(({ id, status }, index) => {
      log.debug(`An event was ${status}.`, { event_id: id, event_type: events[index]?.type });
    });
    return accepted;
  };

  return Object.assign(accept, {
    async idle() {
      await batch.idle();
      await Promise.all(following);
    },
  });
}

interface Call {
  events: readonly TidingsEvent[];
  /** Of its span. */
  traceparent: string | null;
}

type Answer = Acceptance[] | ConflictingEventError;

function toNewEvents({ events, traceparent }: Call): readonly (TidingsEvent & { traceparent?: string })[] {
  return traceparent === null ? events : events.map((event) => ({ ...event, traceparent }));
}

/** The first mention of an id in this commit is the event; any further one repeats it. */
function answer(call: readonly TidingsEvent[], accepted: Map<string, AcceptedEvent>): Acceptance[] {
  return call.map(({ id }) => ({ id, status: accepted.delete(id) ? 'accepted' : 'repeated' }));
}

function announcement(events: readonly TidingsEvent[], accepted: ReadonlyMap<string, AcceptedEvent>): string {
  const byId = new Map(events.map((event) => [event.id, event]).reverse() as [string, TidingsEvent][]);
  const announcedAt = Date.now();
  return encodeAnnouncement(
    [...accepted.values()].map(({ id, position }) => {
      const { type, owner, data } = byId.get(id) as TidingsEvent;
      return { position, id, type, owner, data, announcedAt };
    }),
  );
}
