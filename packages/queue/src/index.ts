export { connectRedis, reachRedis, type RedisPurpose } from './redis.js';
export {
  createDeliveriesQueue,
  DELIVERIES_QUEUE,
  WAKE_AFTER_MS,
  type DeliveriesQueue,
  type DeliveryJob,
  type QueuedDelivery,
} from './deliveries-queue.js';
export { createJobCounts, type JobCounts, type QueueCounts } from './job-counts.js';
export { DEFAULT_RETRY_POLICY, MAX_ATTEMPTS, nextDelay, type RetryPolicy } from './retry-policy.js';
export {
  createTestTurns,
  testResultsChannel,
  type TestId,
  type TestOutcome,
  type TestResult,
  type TestTurns,
} from './test-turns.js';
export { createTestsQueue, TESTS_QUEUE, type TestJob, type TestsQueue } from './tests-queue.js';
export { queuesToLookAt } from './queues-to-look-at.js';
export { createQueueWorker, type QueueWorker, type QueueWorkerOptions, type Verdict } from './worker.js';
