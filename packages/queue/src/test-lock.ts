import type { RedisClient } from '@tidings/events';

/** What came of a request that was made. */
export interface TestResult {
  durationMs: number;
  /** Null when no response came. */
  statusCode: number | null;
  /** Null after a 2xx. */
  errorClass: string | null;
  error: string | null;
  /** The first 4 KB, as text. */
  responseBody: string | null;
}

/** Which test: of which webhook, and with which `webhook-id`. */
export interface TestId {
  webhookId: string;
  eventId: string;
}

/**
 * What is told of a test, once, to whoever listens on the channel: what came back, or that no request was made, because the
 * webhook is `gone`, because a worker `failed` at it, or because it was `withdrawn` before a worker took it.
 */
export interface TestOutcome extends TestId {
  result: TestResult | 'gone' | 'failed' | 'withdrawn';
}

/** Where it is told what came of tests. Redis keeps nothing of it. */
export const testResultsChannel = (prefix: string): string => `${prefix}:test-results`;

/**
 * The turn of a webhook's test: one at a time, and at most one request for each. It is a key in Redis, so that an expiry
 * goes by one clock, and each step is one script, so that a test is either withdrawn or taken, never both.
 */
export interface TestLock {
  /** Begins a turn, unless one of this webhook is under way. Answers with the event id of the one that is. It ends by itself when nobody takes it within `waitMs`. */
  begin: (test: TestId, waitMs: number) => Promise<string>;
  /** For a worker: whether it may make the request. From then on nobody else may; the turn ends after `holdMs` at the latest. */
  take: (test: TestId, holdMs: number) => Promise<boolean>;
  /** For a worker: ends the turn, and tells. */
  end: (outcome: TestOutcome) => Promise<void>;
  /** Ends a turn that nobody has taken, and tells. Otherwise: how long whoever took it may still need, in milliseconds; 0 when it is over. */
  withdraw: (test: TestId) => Promise<'withdrawn' | number>;
}

const BEGIN = `
  local held = redis.call('GET', KEYS[1])
  if held then return string.match(held, '%S+') end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return ARGV[1]`;
const TAKE = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  redis.call('SET', KEYS[1], ARGV[1] .. ' taken', 'PX', ARGV[2])
  return 1`;
const END = `
  if redis.call('GET', KEYS[1]) == ARGV[1] .. ' taken' then redis.call('DEL', KEYS[1]) end
  return redis.call('PUBLISH', ARGV[2], ARGV[3])`;
const WITHDRAW = `
  local held = redis.call('GET', KEYS[1])
  if held == ARGV[1] .. ' taken' then return redis.call('PTTL', KEYS[1]) end
  if held ~= ARGV[1] then return 0 end
  redis.call('DEL', KEYS[1])
  redis.call('PUBLISH', ARGV[2], ARGV[3])
  return -1`;

/** @param redis a connection for the purpose `command`: everything here rejects while Redis is away */
export function createTestLock({ redis, prefix }: { redis: RedisClient; prefix: string }): TestLock {
  const key = (webhookId: string) => `${prefix}:test:${webhookId}`;
  const channel = testResultsChannel(prefix);
  const run = (script: string, { webhookId, eventId }: TestId, ...more: (string | number)[]) =>
    redis.eval(script, 1, key(webhookId), eventId, ...more);
  return {
    begin: async (test, waitMs) => String(await run(BEGIN, test, waitMs)),
    take: async (test, holdMs) => (await run(TAKE, test, holdMs)) === 1,
    async end(outcome) {
      await run(END, outcome, channel, JSON.stringify(outcome));
    },
    async withdraw({ webhookId, eventId }) {
      const outcome: TestOutcome = { webhookId, eventId, result: 'withdrawn' };
      const left = Number(await run(WITHDRAW, outcome, channel, JSON.stringify(outcome)));
      return left === -1 ? 'withdrawn' : Math.max(0, left);
    },
  };
}
