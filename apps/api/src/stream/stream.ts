import type { RedisClient } from '@tidings/queue';
import type { Registry } from 'prom-client';
import { decodeAnnouncement, streamChannel } from '@tidings/accept';
import { readEvents, type Queryable } from '@tidings/database';
import { createPeriodicTask, type PeriodicTaskOptions } from '@tidings/runtime/periodic-task';
import { createSubscribers } from './subscribers.js';
import { followAnnouncements } from './follow-announcements.js';
import { createHub } from './hub.js';
import { createStreamMetrics } from './metrics.js';
import type { StreamParts } from './open-stream.js';
import { createStreams, type Streams } from './streams.js';

export interface StreamSettings {
  /** How often each stream gets a heartbeat, in milliseconds. */
  heartbeatMs: number;
  /** What a client has not taken is bounded by this, in bytes. */
  bufferBytes: number;
  /** The most streams of one user, and of the process. */
  perOwner: number;
  max: number;
}

interface LiveStreamParts {
  sql: Queryable;
  /** A connection for the purpose `subscriber`. */
  subscriber: RedisClient;
  prefix: string;
  /** Of the newest event: where the stream begins. */
  position: number;
  settings: StreamSettings;
  registry: Registry;
  /** Told of the rounds of its background task. */
  observe?: PeriodicTaskOptions['observe'];
  log: { warn: (message: string, details: object) => void };
}

/** The live stream of this process. */
export interface LiveStream extends StreamParts, Pick<Streams, 'endRefused'> {
  /** Ends every stream, and follows the log no longer. Resolves when nothing is read any more. */
  stop: () => Promise<void>;
}

/**
 * How often the log is looked at for what nobody announced, in milliseconds: the process that accepted it may have died,
 * or Redis is away. With nothing new it is one look into an index.
 */
const CATCH_UP_MS = 1000;
/** So much of the log is read at once. */
const PAGE = { limit: 500, maxBytes: 4 * 1024 * 1024 };

/** What any process announces goes to the streams of this one, in the order of the log. */
export function createLiveStream({
  sql,
  subscriber,
  prefix,
  position,
  settings,
  registry,
  observe,
  log,
}: LiveStreamParts): LiveStream {
  const metrics = createStreamMetrics(registry, () => streams.size);
  const streams = createStreams({ ...settings, metrics });
  const audience = createSubscribers();
  const hub = createHub({ readPage: (after) => readEvents(sql, { after, ...PAGE }), audience, metrics, log });
  hub.start(position);
  followAnnouncements({ subscriber, channel: streamChannel(prefix), decode: decodeAnnouncement, hub, log });
  const catchUp = createPeriodicTask({ name: 'catch-up', intervalMs: CATCH_UP_MS, run: hub.catchUp, observe, log });
  catchUp.start();

  return {
    sql,
    hub,
    audience,
    streams,
    metrics,
    bufferBytes: settings.bufferBytes,
    heartbeatMs: settings.heartbeatMs,
    endRefused: streams.endRefused,
    async stop() {
      streams.stop();
      await catchUp.stop();
    },
  };
}
