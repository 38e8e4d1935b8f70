import type { RedisClient } from '@tidings/events';

/** The result of a test request that was sent. */
export interface TestResult {
  /** The duration of the request, in milliseconds. */
  durationMs: number;
  /** Null when there was no response. */
  statusCode: number | null;
  /** Null after a 2xx. */
  errorClass: string | null;
  /** One sentence for the owner of the webhook; null after a 2xx. */
  error: string | null;
  /** The first 4 KB of the body, as text. */
  responseBody: string | null;
}

/** The version of an event type whose first example a test sends. */
export interface TestedType {
  type: string;
  version: number;
}

/** Identifies a test: the webhook, the type that is tested, and the event id that is sent as `webhook-id`. */
export interface TestId {
  webhookId: string;
  eventId: string;
  /** Missing: the test sends `webhook.test`. */
  tested?: TestedType;
}

/**
 * The outcome of a test, published once on the channel of results. `result` is the result of the request, or the reason why
 * no request was sent: the webhook is `gone`, the worker `failed` to send it, or the test was `withdrawn` before a worker
 * claimed it.
 */
export interface TestOutcome extends Pick<TestId, 'webhookId' | 'eventId'> {
  result: TestResult | 'gone' | 'failed' | 'withdrawn';
}

/** The Redis pub/sub channel on which test outcomes are published. Redis does not store them. */
export const testResultsChannel = (prefix: string): string => `${prefix}:test-results`;

/**
 * A lock per webhook and version of a type: one such test at a time, and at most one request for each test. The lock is a key in Redis, so
 * that one clock decides when it expires. Each step is one script, so that a test is either withdrawn or claimed, never both.
 *
 * Every method rejects while Redis is away.
 */
export interface TestLock {
  /**
   * Acquires the lock for this test, unless another test of the webhook with the same version of a type holds it. Returns the event id of the test
   * that holds the lock. The lock expires when no worker claims the test within `waitMs`.
   */
  acquire: (test: TestId, waitMs: number) => Promise<string>;
  /**
   * Claims the test for the calling worker. Returns true for one caller only, and only while the test holds the lock: that
   * worker may send the request. The lock then expires after `holdMs`.
   */
  claim: (test: TestId, holdMs: number) => Promise<boolean>;
  /** Releases the lock of a test that this worker claimed, and publishes the outcome. */
  release: (test: TestId, result: TestOutcome['result']) => Promise<void>;
  /**
   * Releases the lock of a test that no worker has claimed, and publishes that the test was withdrawn. Otherwise returns how
   * long the worker that claimed it may still hold the lock, in milliseconds; 0 when the lock is no longer held.
   */
  withdraw: (test: TestId) => Promise<'withdrawn' | number>;
}

const ACQUIRE = `
  local holder = redis.call('GET', KEYS[1])
  if holder then return string.match(holder, '%S+') end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return ARGV[1]`;
const CLAIM = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  redis.call('SET', KEYS[1], ARGV[1] .. ' claimed', 'PX', ARGV[2])
  return 1`;
const RELEASE = `
  if redis.call('GET', KEYS[1]) == ARGV[1] .. ' claimed' then redis.call('DEL', KEYS[1]) end
  return redis.call('PUBLISH', ARGV[2], ARGV[3])`;
const WITHDRAW = `
  local holder = redis.call('GET', KEYS[1])
  if holder == ARGV[1] .. ' claimed' then return redis.call('PTTL', KEYS[1]) end
  if holder ~= ARGV[1] then return 0 end
  redis.call('DEL', KEYS[1])
  redis.call('PUBLISH', ARGV[2], ARGV[3])
  return -1`;

/**
 * Creates the locks of webhook tests.
 *
 * @param redis a connection for the purpose `command`
 */
export function createTestLock({ redis, prefix }: { redis: RedisClient; prefix: string }): TestLock {
  const key = ({ webhookId, tested }: TestId) =>
    `${prefix}:test:${webhookId}${tested === undefined ? '' : `:${tested.type}@${String(tested.version)}`}`;
  const channel = testResultsChannel(prefix);
  const run = (script: string, test: TestId, ...rest: (string | number)[]) =>
    redis.eval(script, 1, key(test), test.eventId, ...rest);
  return {
    acquire: async (test, waitMs) => String(await run(ACQUIRE, test, waitMs)),
    claim: async (test, holdMs) => (await run(CLAIM, test, holdMs)) === 1,
    async release(test, result) {
      const outcome: TestOutcome = { webhookId: test.webhookId, eventId: test.eventId, result };
      await run(RELEASE, test, channel, JSON.stringify(outcome));
    },
    async withdraw(test) {
      const outcome: TestOutcome = { webhookId: test.webhookId, eventId: test.eventId, result: 'withdrawn' };
      const remainingMs = Number(await run(WITHDRAW, test, channel, JSON.stringify(outcome)));
      return remainingMs === -1 ? 'withdrawn' : Math.max(0, remainingMs);
    },
  };
}
