import type { RedisClient } from '@tidings/events';
import { reportWeaknesses } from './redis-server.js';

interface WatchOptions {
  log: { info: (message: string) => void; warn: (message: string, details: object) => void };
}

/**
 * Logs for the connections of a process when Redis is back after an outage, and settings of Redis that lose jobs.
 *
 * @param redis the connection for the purpose `command`
 */
export function watchRedis(redis: RedisClient, { log }: WatchOptions): void {
  let isAway = false;
  const lost = () => {
    isAway = true;
  };
  // A server that is back before the first attempt to reconnect is no error.
  redis.on('close', lost);
  redis.on('error', lost);
  redis.on('ready', () => {
    if (isAway) log.info('Redis can be reached again.');
    isAway = false;
  });
  reportWeaknesses(redis, (weakness, details) => {
    log.warn(weakness, details);
  });
}

/**
 * Lets a connection that sends nothing, or blocks, follow another one: it is replaced when the other one had to be. It may lead to
 * a server that is no longer the master, which it would not notice.
 *
 * @param follower a connection for the purpose `subscriber` or `worker`
 * @param leader the connection for the purpose `command`
 */
export function follow(follower: RedisClient, leader: RedisClient): void {
  // A cluster's client replaces the connections to its nodes by itself.
  if ('nodes' in follower) return;
  let isFirst = leader.status !== 'ready';
  leader.on('ready', () => {
    if (!isFirst && follower.status === 'ready') follower.disconnect(true);
    isFirst = false;
  });
}
