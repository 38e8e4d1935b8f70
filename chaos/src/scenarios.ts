import { apiKilled } from './scenarios/api-killed.js';
import { bigBacklogDisabled } from './scenarios/big-backlog-disabled.js';
import { clocksShifted } from './scenarios/clocks-shifted.js';
import { diskFull } from './scenarios/disk-full.js';
import { drained } from './scenarios/drain.js';
import { everyone } from './scenarios/everyone.js';
import { halfFailing } from './scenarios/half-failing.js';
import { halfOpen } from './scenarios/half-open.js';
import { hangingTenant } from './scenarios/hanging-tenant.js';
import { killedBeforeEnqueue } from './scenarios/killed-before-enqueue.js';
import { killedBeforeRecord } from './scenarios/killed-before-record.js';
import { lockedRow } from './scenarios/locked-row.js';
import { logPutBack } from './scenarios/log-put-back.js';
import { networkCut } from './scenarios/network-cut.js';
import { poolExhausted } from './scenarios/pool-exhausted.js';
import { postgresClock } from './scenarios/postgres-clock.js';
import { postgresRestarted } from './scenarios/postgres-restarted.js';
import { redisEmptied } from './scenarios/redis-emptied.js';
import { redisFailover } from './scenarios/redis-failover.js';
import { redisFlushed } from './scenarios/redis-flushed.js';
import { redisFrozen } from './scenarios/redis-frozen.js';
import { redisFull } from './scenarios/redis-full.js';
import { redisKilled } from './scenarios/redis-killed.js';
import { redisSentinel } from './scenarios/redis-sentinel.js';
import { rollingRestarts } from './scenarios/rolling-restarts.js';
import { streams } from './scenarios/streams.js';
import { webhooksChange } from './scenarios/webhooks-change.js';
import { workerKilled } from './scenarios/worker-killed.js';
import { workerPaused } from './scenarios/worker-paused.js';
import type { Scenario } from './scenario.js';

/** All scenarios, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  // Processes
  workerKilled,
  apiKilled,
  killedBeforeRecord,
  killedBeforeEnqueue,
  workerPaused,
  rollingRestarts,
  // Redis
  redisKilled,
  redisFrozen,
  redisFlushed,
  redisFull,
  redisEmptied,
  redisFailover,
  redisSentinel,
  // PostgreSQL
  postgresRestarted,
  poolExhausted,
  diskFull,
  lockedRow,
  // Network and clocks
  networkCut,
  halfOpen,
  clocksShifted,
  postgresClock,
  // Streams
  streams,
  logPutBack,
  // Owners
  webhooksChange,
  bigBacklogDisabled,
  everyone,
  drained,
  // Receivers
  halfFailing,
  hangingTenant,
];
