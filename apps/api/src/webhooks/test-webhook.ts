import type { Redis } from 'ioredis';
import type { TestResult, TestsQueue } from '@tidings/queue';

interface TestWebhookParts {
  queue: Pick<TestsQueue, 'enqueue' | 'withdraw'>;
  /** Subscribed to the channel of results. */
  subscriber: Redis;
  channel: string;
  /** How long a test may take, from here to a worker and back, in milliseconds. Default 20,000: 15 s for the request. */
  timeoutMs?: number;
}

/** Tests one of the user's webhooks. Resolves with what came back; null when no worker told in time. Rejects while Redis is away. */
export type TestWebhook = (userId: string, webhookId: string) => Promise<TestResult | null>;

interface Tests {
  testWebhook: TestWebhook;
  /** Waits no longer for any: the process stops. */
  stop: () => void;
}

/**
 * A worker sends the test: this process never contacts what users registered. What nobody has taken by the end is taken
 * back, so that no test is sent that nobody waits for.
 */
export function createTestWebhook({ queue, subscriber, channel, timeoutMs = 20_000 }: TestWebhookParts): Tests {
  const waiting = new Map<string, Set<(result: TestResult | null) => void>>();
  subscriber.on('message', (from: string, text: string) => {
    if (from !== channel) return;
    const result = JSON.parse(text) as TestResult;
    for (const settle of waiting.get(result.webhookId) ?? []) settle(result);
  });
  // Done again by itself after each lost connection.
  subscriber.subscribe(channel).catch(() => undefined);

  const testWebhook: TestWebhook = async (userId, webhookId) => {
    const settles = waiting.get(webhookId) ?? new Set();
    waiting.set(webhookId, settles);
    let settle: (result: TestResult | null) => void = () => undefined;
    const answer = new Promise<TestResult | null>((resolve) => (settle = resolve));
    settles.add(settle);
    const timer = setTimeout(() => {
      settle(null);
    }, timeoutMs);
    try {
      await queue.enqueue({ webhookId, userId });
      const result = await answer;
      if (result === null) await queue.withdraw(webhookId);
      return result;
    } finally {
      clearTimeout(timer);
      settles.delete(settle);
      if (settles.size === 0) waiting.delete(webhookId);
    }
  };

  return {
    testWebhook,
    stop() {
      for (const settles of waiting.values()) for (const settle of settles) settle(null);
    },
  };
}
