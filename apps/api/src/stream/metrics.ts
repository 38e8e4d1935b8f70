import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { StreamEvent } from './stream-event.js';

const ENDS = ['token_expired', 'token_revoked', 'owner_disabled', 'too_slow', 'stopping', 'client_left'] as const;

/** What is counted of the stream. */
export interface StreamMetrics {
  /** Bytes were given to a socket, with so many events in them. */
  sent: (bytes: number, events: number) => void;
  /** A client was caught up from the log, with so many events. */
  clientCaughtUp: (events: number) => void;
  /** A client named an event that the log does not have. */
  gap: () => void;
  ended: (reason: (typeof ENDS)[number]) => void;
  refused: (reason: 'owner' | 'process') => void;
  /** An event was announced in its turn. */
  announced: (event: Pick<StreamEvent, 'announcedAt'>) => void;
  /** So many events were read from the log, as nobody had announced them yet. */
  caughtUp: (events: number) => void;
}

/** @param open how many streams there are */
export function createStreamMetrics(registry: Registry, open: () => number): StreamMetrics {
  const registers = [registry];
  // Counted for each write to a socket, so by plain numbers.
  let bytes = 0;
  let events = 0;
  new Gauge({
    name: 'tidings_stream_connections',
    help: 'Streams that are open.',
    registers,
    collect() {
      this.set(open());
    },
  });
  new Counter({
    name: 'tidings_stream_events_sent_total',
    help: 'Events that were given to sockets, once for each.',
    registers,
    collect() {
      this.reset();
      this.inc(events);
    },
  });
  new Counter({
    name: 'tidings_stream_sent_bytes_total',
    help: 'Bytes that were given to sockets, heartbeats and chunk lengths among them.',
    registers,
    collect() {
      this.reset();
      this.inc(bytes);
    },
  });
  const catchUps = new Histogram({
    name: 'tidings_stream_catch_up_events',
    help: 'How many events each client was sent from the log before what is live.',
    buckets: [0, 1, 10, 100, 1000, 10_000, 100_000],
    registers,
  });
  const gaps = new Counter({
    name: 'tidings_stream_gaps_total',
    help: 'Clients that named an event which the log does not have, and were told so.',
    registers,
  });
  const ends = new Counter({
    name: 'tidings_stream_ended_total',
    help: 'Streams that ended, by why: "too_slow" is a client that did not take what it was sent.',
    labelNames: ['reason'],
    registers,
  });
  const refusals = new Counter({
    name: 'tidings_stream_refused_total',
    help: 'Streams that were refused, by whose limit: 429 for "owner", 503 for "process".',
    labelNames: ['limit'],
    registers,
  });
  for (const reason of ENDS) ends.inc({ reason }, 0);
  for (const limit of ['owner', 'process']) refusals.inc({ limit }, 0);
  const lag = new Histogram({
    name: 'tidings_stream_announcement_lag_seconds',
    help: 'From the announcement of an event, just after its commit, to when this process knew of it; on the clocks of two machines.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  const late = new Counter({
    name: 'tidings_stream_caught_up_events_total',
    help: 'Events that this process read from the log before, or without, being told of them.',
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
