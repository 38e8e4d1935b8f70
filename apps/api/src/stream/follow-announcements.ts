import type { RedisClient } from '@tidings/queue';
import type { Hub } from './hub.js';
import type { StreamEvent } from './stream-event.js';

interface FollowParts {
  /** A connection for the purpose `subscriber`. */
  subscriber: RedisClient;
  channel: string;
  decode: (message: string) => StreamEvent[];
  hub: Pick<Hub, 'announce' | 'catchUp'>;
  log: { warn: (message: string, details: object) => void };
}

/**
 * Passes on what is announced. Each time the subscription stands (again), the hub catches up: what was announced before
 * is lost, as Redis keeps no messages.
 */
export function followAnnouncements({ subscriber, channel, decode, hub, log }: FollowParts): void {
  const subscribe = (): void => {
    subscriber
      .subscribe(channel)
      .then(() => hub.catchUp())
      .catch((error: unknown) => {
        log.warn('The stream could not be followed; it is tried again with the next connection.', { error });
      });
  };
  subscriber.on('ready', subscribe);
  if (subscriber.status === 'ready') subscribe();

  subscriber.on('message', (from: string, message: string) => {
    if (from !== channel) return;
    try {
      hub.announce(decode(message));
    } catch (error) {
      log.warn('A message on the stream channel is none of ours.', { error });
    }
  });
}
