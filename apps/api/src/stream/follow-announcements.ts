import type { RedisClient } from '@tidings/queue';
import type { Hub } from './hub.js';
import type { StreamEvent } from './stream-event.js';

interface FollowParts {
  /** A Redis connection for the purpose `subscriber`. */
  subscriber: RedisClient;
  channel: string;
  decode: (message: string) => StreamEvent[];
  hub: Pick<Hub, 'announce' | 'catchUp' | 'distrustAnnouncements'>;
  log: { warn: (message: string, details: object) => void };
}

/**
 * Passes announcements from the Redis channel to the hub. After each (re)subscription the hub catches up from the log, because
 * Redis keeps no messages: earlier announcements are lost. The first new one may arrive before the read begins, hence the
 * distrust.
 */
export function followAnnouncements({ subscriber, channel, decode, hub, log }: FollowParts): void {
  const subscribe = (): void => {
    hub.distrustAnnouncements();
    subscriber
      .subscribe(channel)
      .then(() => hub.catchUp())
      .catch((error: unknown) => {
        log.warn('The stream channel of Redis could not be followed; it is tried again with the next connection.', { error });
      });
  };
  subscriber.on('ready', subscribe);
  if (subscriber.status === 'ready') subscribe();

  subscriber.on('message', (from: string, message: string) => {
    if (from !== channel) return;
    try {
      hub.announce(decode(message));
    } catch (error) {
      log.warn('A message on the stream channel is not an announcement of Tidings, and is ignored.', { error });
    }
  });
}
