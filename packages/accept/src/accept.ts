import { acceptEvents, createGroupCommit, type AcceptedEvent, type NewEvent, type Queryable } from '@tidings/database';
import { isSameJson, patternsMatching, systemCatalog, type TidingsEvent } from '@tidings/events';
import { LINE_LIMIT, WAKE_AFTER_MS, type DeliveriesQueue, type ExpansionsQueue } from '@tidings/queue';
import type { AcceptMetrics } from '@tidings/runtime/metrics';
import type { Tracing } from '@tidings/runtime/tracing';
import { encodeAnnouncement, streamChannel } from './announcement.js';
import { ConflictingEventError } from './conflicting-event-error.js';
import { StaleEventTypesError } from './event-types/stale-event-types-error.js';
import type { ValidEvent } from './event-types/valid-event.js';
import { deliveriesPerCall, traceAccept, traceEnqueue } from './trace.js';

/** The result for one event: `accepted` when it is new in the event log, `repeated` when the log already has it. */
export interface Acceptance {
  id: string;
  status: 'accepted' | 'repeated';
}

/** The parts of {@link createAccept}. */
export interface AcceptParts {
  sql: Queryable;
  queue: Pick<DeliveriesQueue, 'enqueue' | 'line'>;
  /** Calls workers for events that many webhooks match. */
  expansions: Pick<ExpansionsQueue, 'enqueue'>;
  /** Publishes the announcements of committed events. */
  redis: { publish: (channel: string, message: string) => Promise<unknown> };
  /** The prefix of every Redis key and channel, such as `{tidings}`. */
  prefix: string;
  /** Called for every commit and for refused calls, for the metrics. */
  observe?: AcceptObserver;
  log: { warn: (message: string, details: object) => void; debug: (message: string, details: object) => void };
  /** Default: no traces. */
  tracing?: Tracing | undefined;
}

/** Observes commits, for the metrics. */
export interface AcceptObserver {
  /** Called after a commit. */
  committed: AcceptMetrics['committed'];
  /** Called with the number of calls of a commit that were refused. */
  rejected: (reason: 'conflict' | 'unavailable', calls: number) => void;
}

/** Accepts events. */
export interface Accept {
  /**
   * Accepts valid events, all or none. Resolves when they and their deliveries are committed (I1), in the given order.
   *
   * Throws a {@link ConflictingEventError} when another event has one of the ids: then nothing of the call is accepted.
   * Throws a {@link StaleEventTypesError} when a type was changed since an event was validated by it: then nothing of the call is accepted.
   * Throws the database's error. Then the log usually has none of the events. It has all of them if the connection broke during
   * the commit, or if a later commit for the same group of calls failed. So repeat the call with the same ids.
   *
   * @param publishedBy who published them over HTTP, for operators; default: nobody whom Tidings knows
   */
  (events: readonly (TidingsEvent | ValidEvent)[], publishedBy?: string): Promise<Acceptance[]>;
  /** Resolves when all accepted events and their deliveries were sent to Redis, or Redis has refused them. */
  idle: () => Promise<void>;
}

const MAX_EVENTS_A_COMMIT = 1000;
/** An event counts as one more event for every 4,096 characters of its data, so that a shared commit stays at about 4 MB. */
const CHARACTERS_PER_WEIGHT = 4096;

/**
 * Creates the function that accepts events: steps 2 and 3 of an event's journey, in the API and in the worker. Calls that
 * arrive while a commit is in progress share the next commit. Redis gets the deliveries and the announcement after the commit,
 * and no caller waits for it: while Redis is away, the reconciler enqueues the deliveries, and streams catch up from the log.
 * An event that many webhooks match is accepted without their deliveries, which workers write (expand).
 */
export function createAccept(parts: AcceptParts): Accept {
  const { sql, queue, expansions, redis, prefix, observe, log, tracing } = parts;
  const pendingRedisCalls = new Set<Promise<void>>();

  const trackRedisCall = (name: string, work: Promise<unknown>): void => {
    const done = work
      .then(() => undefined)
      .catch((error: unknown) => {
        log.warn(`Redis did not take accepted events (${name}); they are read from PostgreSQL later.`, { error });
      })
      .finally(() => pendingRedisCalls.delete(done));
    pendingRedisCalls.add(done);
  };

  const commit = async (batch: Call[]): Promise<CallResult[]> => {
    const calls = batch.map(toNewEvents);
    const events = calls.flat();
    const patterns = new Map(events.map(({ type }) => [type, systemCatalog.isSystemType(type) ? [] : patternsMatching(type)]));
    const startedAt = performance.now();
    // The first delivery of an idle webhook is always admitted, so a line that is longer than it was said to be delays none of them.
    const admitAtMost = Math.max(0, LINE_LIMIT - queue.line.length());
    const options = { patterns, wakeAfterMs: WAKE_AFTER_MS, admitAtMost, isSameData: isSameJson };
    const result = await acceptEvents(sql, calls, options).catch((error: unknown) => {
      observe?.rejected('unavailable', calls.length);
      throw error;
    });
    const { accepted, admitted, written, expanding, conflicts, stale } = result;
    const isWritten = (call: number): boolean => !conflicts.has(call) && !stale.has(call);
    if (conflicts.size > 0) observe?.rejected('conflict', conflicts.size);
    const valid = calls.reduce((sum, call, index) => (isWritten(index) ? sum + call.length : sum), 0);
    observe?.committed({
      events: events.length,
      accepted: accepted.length,
      repeated: valid - accepted.length,
      ...written,
      expanding,
      durationMs: performance.now() - startedAt,
    });
    const byId = new Map(accepted.map((event) => [event.id, event]));
    if (admitted.length > 0) {
      const enqueue = () => queue.enqueue(admitted.map(({ id, first }) => ({ id, rank: first ? 'first' : 'fresh' }) as const));
      trackRedisCall(
        'enqueue',
        tracing === undefined ? enqueue() : traceEnqueue(tracing, deliveriesPerCall(batch, result), enqueue),
      );
    }
    const last = accepted.at(-1);
    if (expanding > 0 && last !== undefined) trackRedisCall('expand', expansions.enqueue(last.position));
    if (accepted.length > 0) {
      const logged = calls.flatMap((call, index) => (isWritten(index) ? call : []));
      trackRedisCall('announce', redis.publish(streamChannel(prefix), announcement(logged, byId)));
    }
    return calls.map((call, index) => {
      const ids = conflicts.get(index);
      if (ids) return new ConflictingEventError(ids);
      return stale.has(index) ? new StaleEventTypesError() : toAcceptances(call, byId);
    });
  };

  const groupCommit = createGroupCommit({
    run: commit,
    maxWeight: MAX_EVENTS_A_COMMIT,
    weigh: ({ events }: Call) => events.reduce((sum, { data }) => sum + 1 + Math.floor(data.length / CHARACTERS_PER_WEIGHT), 0),
  });

  const acceptCall = async (call: Call): Promise<Acceptance[]> => {
    const result = await groupCommit(call);
    if (result instanceof Error) throw result;
    return result;
  };

  const accept = async (events: readonly (TidingsEvent | ValidEvent)[], publishedBy?: string): Promise<Acceptance[]> => {
    const accepted =
      tracing === undefined
        ? await acceptCall({ events, traceparent: null, publishedBy })
        : await traceAccept(tracing, events, (traceparent) => acceptCall({ events, traceparent, publishedBy }));
    accepted.forEach(({ id, status }, index) => {
      log.debug(`An event was ${status}.`, { event_id: id, event_type: events[index]?.type });
    });
    return accepted;
  };

  return Object.assign(accept, {
    async idle() {
      await groupCommit.idle();
      await Promise.all(pendingRedisCalls);
    },
  });
}

interface Call {
  events: readonly TidingsEvent[];
  /** The trace context of the call's span; null without traces. */
  traceparent: string | null;
  publishedBy: string | undefined;
}

type CallResult = Acceptance[] | ConflictingEventError | StaleEventTypesError;

function toNewEvents({ events, traceparent, publishedBy }: Call): readonly NewEvent[] {
  if (traceparent === null && publishedBy === undefined) return events;
  return events.map((event) => ({ ...event, traceparent, publishedBy: publishedBy ?? null }));
}

/** The first occurrence of an id in this commit is the accepted event; each further occurrence repeats it. */
function toAcceptances(call: readonly TidingsEvent[], accepted: Map<string, AcceptedEvent>): Acceptance[] {
  return call.map(({ id }) => ({ id, status: accepted.delete(id) ? 'accepted' : 'repeated' }));
}

function announcement(events: readonly NewEvent[], accepted: ReadonlyMap<string, AcceptedEvent>): string {
  const byId = new Map(events.map((event) => [event.id, event]).reverse() as [string, NewEvent][]);
  const announcedAt = Date.now();
  return encodeAnnouncement(
    [...accepted.values()].map(({ id, position }) => {
      const { type, version = 1, isPreview = false, owner, data } = byId.get(id) as NewEvent;
      return { position, id, type, version, isPreview, owner, data, announcedAt };
    }),
  );
}
