import type { RedisClient } from '@tidings/queue';
import { v7 as uuidv7 } from 'uuid';
import type { TestedType, TestOutcome, TestResult, TestsQueue } from '@tidings/queue';

interface TestWebhookParts {
  queue: Pick<TestsQueue, 'enqueue' | 'withdraw'>;
  /** A Redis connection for the purpose `subscriber`, which this subscribes to the channel of results. */
  subscriber: RedisClient;
  channel: string;
  /** The time within which a worker must claim the test, in milliseconds. Otherwise it is withdrawn. Default 5,000. */
  claimTimeoutMs?: number;
}

/** The result of a test, or the reason why there is none; `no_result`: a worker claimed the test and returned no result. */
export type TestAnswer = (TestResult & { eventId: string }) | 'gone' | 'failed' | 'withdrawn' | 'no_result';

/**
 * Tests one of the owner's webhooks. Rejects while Redis is not available.
 *
 * @param tested the version of a type whose first example is sent; default: `webhook.test` is sent
 */
export type TestWebhook = (owner: string, webhookId: string, tested?: TestedType) => Promise<TestAnswer>;

interface Tests {
  testWebhook: TestWebhook;
  /** Ends all waiting when the process stops, and withdraws tests that no worker has claimed. */
  stop: () => void;
}

/** The maximum time that a message of Redis takes, in milliseconds. */
const MESSAGE_DELAY_MS = 1000;

/**
 * Creates the function that tests webhooks. A worker sends the request: this process never connects to registered URLs. The
 * lock of the test says how much time the worker has left, so this process needs no settings of the workers. Parallel tests
 * of a webhook with the same version of a type share one request.
 */
export function createTestWebhook({ queue, subscriber, channel, claimTimeoutMs = 5000 }: TestWebhookParts): Tests {
  const listeners = new Map<string, Set<(outcome: TestOutcome) => void>>();
  subscriber.on('message', (from: string, text: string) => {
    const outcome = from === channel ? parseOutcome(text) : undefined;
    if (outcome) for (const listen of listeners.get(outcome.webhookId) ?? []) listen(outcome);
  });
  // ioredis subscribes again after each lost connection.
  subscriber.subscribe(channel).catch(() => undefined);

  const stopping = new AbortController();
  const testWebhook: TestWebhook = async (owner, webhookId, tested) => {
    // This call may join a test that ends before `enqueue` returns its id, so all results of the webhook are kept until then.
    const results = new Map<string, TestOutcome['result']>();
    let checkResults = (): void => undefined;
    const listen = ({ eventId, result }: TestOutcome): void => {
      results.set(eventId, result);
      checkResults();
    };
    const webhookListeners = listeners.get(webhookId) ?? new Set();
    listeners.set(webhookId, webhookListeners.add(listen));
    try {
      const test = { webhookId, ...(tested && { tested }) };
      const job = { ...test, owner, eventId: `evt_${uuidv7()}` };
      const eventId = await queue.enqueue(job, claimTimeoutMs + MESSAGE_DELAY_MS);
      const waitForResult = (withinMs: number): Promise<TestAnswer | undefined> =>
        new Promise((resolve) => {
          const finish = (answer?: TestAnswer): void => {
            clearTimeout(timer);
            stopping.signal.removeEventListener('abort', stopWaiting);
            resolve(answer);
          };
          const stopWaiting = (): void => {
            finish();
          };
          const timer = setTimeout(stopWaiting, stopping.signal.aborted ? 0 : withinMs);
          stopping.signal.addEventListener('abort', stopWaiting);
          checkResults = () => {
            const result = results.get(eventId);
            if (result !== undefined) finish(typeof result === 'string' ? result : { ...result, eventId });
          };
          checkResults();
        });
      const answer = await waitForResult(claimTimeoutMs);
      if (answer !== undefined) return answer;
      const withdrawal = await queue.withdraw({ ...test, eventId });
      return withdrawal === 'withdrawn' ? withdrawal : ((await waitForResult(withdrawal + MESSAGE_DELAY_MS)) ?? 'no_result');
    } finally {
      webhookListeners.delete(listen);
      if (webhookListeners.size === 0) listeners.delete(webhookId);
    }
  };

  return {
    testWebhook,
    stop() {
      stopping.abort();
    },
  };
}

/** Parses a message; undefined when it is not a test outcome. Every client of Redis can publish to the channel. */
function parseOutcome(text: string): TestOutcome | undefined {
  try {
    const outcome = JSON.parse(text) as Partial<TestOutcome> | null;
    const isOutcome = typeof outcome?.webhookId === 'string' && typeof outcome.eventId === 'string' && outcome.result != null;
    return isOutcome ? (outcome as TestOutcome) : undefined;
  } catch {
    return undefined;
  }
}
