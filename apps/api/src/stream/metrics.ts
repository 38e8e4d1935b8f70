import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { StreamEvent } from './stream-event.js';

const ENDS = ['token_expired', 'token_revoked', 'owner_disabled', 'too_slow', 'log_put_back', 'stopping', 'client_left'] as const;

/** The metrics of the live stream. */
export interface StreamMetrics {
  /** Counts bytes that were written to a socket, and the events in them. */
  sent: (bytes: number, events: number) => void;
  /** Records how many events a client was sent from the log before it became live. */
  clientCaughtUp: (events: number) => void;
  /** Counts a client whose last event is not in the log. */
  gap: () => void;
  /** Counts a log that was put back behind the position of this process. */
  putBack: () => void;
  /** Counts a stream that ended. */
  ended: (reason: (typeof ENDS)[number]) => void;
  /** Counts a stream that was refused by the limit of an owner, an address or the process. */
  refused: (reason: 'owner' | 'address' | 'process') => void;
  /** Records the lag of an event that was announced in order. */
  announced: (event: Pick<StreamEvent, 'announcedAt'>) => void;
  /** Counts events that the hub read from the log, because they were not announced yet. */
  caughtUp: (events: number) => void;
}

/**
 * Registers the metrics of the stream.
 *
 * @param countOpen returns the number of open streams
 */
export function createStreamMetrics(registry: Registry, countOpen: () => number): StreamMetrics {
  const registers = [registry];
  // Plain numbers, because they are counted for each write to a socket.
  let bytes = 0;
  let events = 0;
  new Gauge({
    name: 'tidings_stream_connections',
    help: 'Open streams.',
    registers,
    collect() {
      this.set(countOpen());
    },
  });
  new Counter({
    name: 'tidings_stream_events_sent_total',
    help: 'Events written to sockets, counted once for each socket.',
    registers,
    collect() {
      this.reset();
      this.inc(events);
    },
  });
  new Counter({
    name: 'tidings_stream_sent_bytes_total',
    help: 'Bytes written to sockets, including heartbeats and chunk lengths.',
    registers,
    collect() {
      this.reset();
      this.inc(bytes);
    },
  });
  const catchUps = new Histogram({
    name: 'tidings_stream_catch_up_events',
    help: 'Events that a new stream was sent from the log before live events.',
    buckets: [0, 1, 10, 100, 1000, 10_000, 100_000],
    registers,
  });
  const gaps = new Counter({
    name: 'tidings_stream_gaps_total',
    help: 'Streams that began with stream.gap, because the last event of the client is not in the log.',
    registers,
  });
  const putBacks = new Counter({
    name: 'tidings_stream_put_backs_total',
    help: 'Times that the log was found without the last event of this process: PostgreSQL lost accepted events, and all streams ended.',
    registers,
  });
  const ends = new Counter({
    name: 'tidings_stream_ended_total',
    help: 'Ended streams, by reason; "too_slow": the client did not read fast enough.',
    labelNames: ['reason'],
    registers,
  });
  const refusals = new Counter({
    name: 'tidings_stream_refused_total',
    help: 'Refused streams, by limit: "owner" or "address" (429), or "process" (503).',
    labelNames: ['limit'],
    registers,
  });
  for (const reason of ENDS) ends.inc({ reason }, 0);
  for (const limit of ['owner', 'address', 'process']) refusals.inc({ limit }, 0);
  const lag = new Histogram({
    name: 'tidings_stream_announcement_lag_seconds',
    help: 'Time from the announcement of an event, just after its commit, to its receipt by this process, by the clocks of both machines.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  const late = new Counter({
    name: 'tidings_stream_caught_up_events_total',
    help: 'Events that this process read from the log before, or without, their announcement.',
    registers,
  });
  return {
    sent(byteCount, eventCount) {
      bytes += byteCount;
      events += eventCount;
    },
    clientCaughtUp(count) {
      catchUps.observe(count);
    },
    gap() {
      gaps.inc();
    },
    putBack() {
      putBacks.inc();
    },
    ended(reason) {
      ends.inc({ reason });
    },
    refused(limit) {
      refusals.inc({ limit });
    },
    announced({ announcedAt }) {
      if (announcedAt !== undefined) lag.observe(Math.max(0, Date.now() - announcedAt) / 1000);
    },
    caughtUp(count) {
      late.inc(count);
    },
  };
}
