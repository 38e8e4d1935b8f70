import type { RedisClient } from '@tidings/queue';
import type { Registry } from 'prom-client';
import { decodeAnnouncement, streamChannel } from '@tidings/accept';
import { followEvents, readNewest, type Queryable } from '@tidings/database';
import { createPeriodicTask, type PeriodicTaskOptions } from '@tidings/runtime/periodic-task';
import { createSubscribers } from './subscribers.js';
import { followAnnouncements } from './follow-announcements.js';
import { createHub } from './hub.js';
import { createStreamMetrics } from './metrics.js';
import type { StreamParts } from './open-stream.js';
import { createStreams, type Streams } from './streams.js';

/** Settings of the live stream. */
export interface StreamSettings {
  /** The interval of the heartbeats of each stream, in milliseconds. */
  heartbeatMs: number;
  /** The maximum size of data that waits in a client's socket, in bytes. Beyond it the stream ends. */
  bufferBytes: number;
  /** The maximum number of streams of one owner in this process. */
  perOwner: number;
  /** The maximum number of streams from one address in this process; 0: no limit. */
  perAddress: number;
  /** The maximum number of streams of this process. */
  max: number;
}

interface LiveStreamParts {
  sql: Queryable;
  /** A Redis connection for the purpose `subscriber`. */
  subscriber: RedisClient;
  prefix: string;
  settings: StreamSettings;
  registry: Registry;
  /** Called after each run of its periodic task, for the metrics. */
  observe?: PeriodicTaskOptions['observe'];
  log: {
    warn: (message: string, details: object) => void;
    error: (message: string, details: object) => void;
  };
}

/** The live stream of this process. */
export interface LiveStream extends StreamParts, Pick<Streams, 'endRefused'> {
  /** Follows the log from its newest event on. Throws when the log cannot be read. */
  start: () => Promise<void>;
  /** Ends all streams, and stops catching up. Resolves when no read is running. */
  stop: () => Promise<void>;
}

/**
 * The interval of reading the log for events without an announcement, in milliseconds: the process that accepted them may
 * have crashed, or Redis is not available. Without new events it costs one index lookup.
 */
const CATCH_UP_MS = 1000;
/** The size of one read of the log. */
const PAGE = { limit: 500, maxBytes: 4 * 1024 * 1024 };

/** Creates the live stream: the events that any process announces go to the streams of this process, in the order of the log. */
export function createLiveStream({ sql, subscriber, prefix, settings, registry, observe, log }: LiveStreamParts): LiveStream {
  const metrics = createStreamMetrics(registry, () => streams.size);
  const streams = createStreams({ ...settings, metrics });
  const subscribers = createSubscribers();
  const hub = createHub({
    readPage: ({ after, remembered }) => followEvents(sql, remembered, { after, ...PAGE }),
    readNewest: (limit) => readNewest(sql, limit),
    subscribers,
    endSessions() {
      streams.endAll('log_put_back');
    },
    metrics,
    log,
  });
  const catchUp = createPeriodicTask({ name: 'catch-up', intervalMs: CATCH_UP_MS, run: hub.catchUp, observe, log });

  return {
    sql,
    hub,
    subscribers,
    streams,
    metrics,
    bufferBytes: settings.bufferBytes,
    heartbeatMs: settings.heartbeatMs,
    endRefused: streams.endRefused,
    async start() {
      await hub.start();
      followAnnouncements({ subscriber, channel: streamChannel(prefix), decode: decodeAnnouncement, hub, log });
      catchUp.start();
    },
    async stop() {
      streams.stop();
      await catchUp.stop();
    },
  };
}
