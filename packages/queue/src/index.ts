export type { RedisClient } from '@tidings/events';
export { connectRedis, waitUntilConnected, type RedisPurpose } from './redis.js';
export { explainRedisProblem, problemOf, RedisError, type RedisProblem } from './redis-problem.js';
export { createRedisCheck, findMissingRights } from './redis-rights.js';
export { isSupportedServer, masterNodes, readInfo, readRedisServer, type RedisServer } from './redis-server.js';
export { follow, watchRedis } from './watch-redis.js';
export {
  createDeliveriesQueue,
  DELIVERIES_QUEUE,
  JOB_PRIORITY,
  LINE_LIMIT,
  WAKE_AFTER_MS,
  type DeliveriesQueue,
  type DeliveryJob,
  type QueuedDelivery,
} from './deliveries-queue.js';
export { createExpansionsQueue, EXPANSIONS_QUEUE, type ExpansionJob, type ExpansionsQueue } from './expansions-queue.js';
export { type Line } from './line.js';
export { createJobCounts, type JobCounts, type QueueCounts } from './job-counts.js';
export {
  createTestLock,
  testResultsChannel,
  type TestedType,
  type TestId,
  type TestOutcome,
  type TestResult,
  type TestLock,
} from './test-lock.js';
export { createTestsQueue, TESTS_QUEUE, type TestJob, type TestsQueue } from './tests-queue.js';
export { openQueues } from './open-queues.js';
export { createQueueWorker, type QueueWorker, type QueueWorkerOptions, type JobOutcome } from './worker.js';
