import type { RedisClient } from '@tidings/queue';
import { v7 as uuidv7 } from 'uuid';
import type { TestOutcome, TestResult, TestsQueue } from '@tidings/queue';

interface TestWebhookParts {
  queue: Pick<TestsQueue, 'enqueue' | 'withdraw'>;
  /** Subscribed to the channel of results. */
  subscriber: RedisClient;
  channel: string;
  /** How long to wait for a worker with a place for it, in milliseconds. Default 5,000. */
  takenWithinMs?: number;
}

/** What came back; or why there is nothing: `unheard` when a worker took the test, and told nothing. */
export type TestAnswer = (TestResult & { eventId: string }) | 'gone' | 'failed' | 'withdrawn' | 'unheard';

/** Tests one of the user's webhooks. Rejects while Redis is away. */
export type TestWebhook = (owner: string, webhookId: string) => Promise<TestAnswer>;

interface Tests {
  testWebhook: TestWebhook;
  /** Waits no longer for any, and takes back what nobody has taken: the process stops. */
  stop: () => void;
}

/** Of a message on its way, in milliseconds. */
const ON_ITS_WAY_MS = 1000;

/**
 * A worker sends the test: this process never contacts what users registered. How long a worker may need is known from the
 * turn that it took, so that no setting of the workers has to be known here. Two tests of a webhook at once are one.
 */
export function createTestWebhook({ queue, subscriber, channel, takenWithinMs = 5000 }: TestWebhookParts): Tests {
  const listeners = new Map<string, Set<(outcome: TestOutcome) => void>>();
  subscriber.on('message', (from: string, text: string) => {
    const outcome = from === channel ? parseOutcome(text) : undefined;
    if (outcome) for (const listen of listeners.get(outcome.webhookId) ?? []) listen(outcome);
  });
  // Done again by itself after each lost connection.
  subscriber.subscribe(channel).catch(() => undefined);

  const stopping = new AbortController();
  const testWebhook: TestWebhook = async (owner, webhookId) => {
    // One that is joined may end before it is known which one it is: so all that is told of the webhook is kept meanwhile.
    const told = new Map<string, TestOutcome['result']>();
    let look = (): void => undefined;
    const listen = ({ eventId, result }: TestOutcome): void => {
      told.set(eventId, result);
      look();
    };
    const here = listeners.get(webhookId) ?? new Set();
    listeners.set(webhookId, here.add(listen));
    try {
      const own = { webhookId, owner, eventId: `evt_${uuidv7()}` };
      const eventId = await queue.enqueue(own, takenWithinMs + ON_ITS_WAY_MS);
      const hear = (withinMs: number): Promise<TestAnswer | undefined> =>
        new Promise((resolve) => {
          const finish = (answer?: TestAnswer): void => {
            clearTimeout(timer);
            stopping.signal.removeEventListener('abort', giveUp);
            resolve(answer);
          };
          const giveUp = (): void => {
            finish();
          };
          const timer = setTimeout(giveUp, stopping.signal.aborted ? 0 : withinMs);
          stopping.signal.addEventListener('abort', giveUp);
          look = () => {
            const result = told.get(eventId);
            if (result !== undefined) finish(typeof result === 'string' ? result : { ...result, eventId });
          };
          look();
        });
      const answer = await hear(takenWithinMs);
      if (answer !== undefined) return answer;
      const left = await queue.withdraw({ webhookId, eventId });
      return left === 'withdrawn' ? left : ((await hear(left + ON_ITS_WAY_MS)) ?? 'unheard');
    } finally {
      here.delete(listen);
      if (here.size === 0) listeners.delete(webhookId);
    }
  };

  return {
    testWebhook,
    stop() {
      stopping.abort();
    },
  };
}

/** Undefined when it is none of ours: whoever reaches Redis can write to the channel. */
function parseOutcome(text: string): TestOutcome | undefined {
  try {
    const outcome = JSON.parse(text) as Partial<TestOutcome> | null;
    const known = typeof outcome?.webhookId === 'string' && typeof outcome.eventId === 'string' && outcome.result != null;
    return known ? (outcome as TestOutcome) : undefined;
  } catch {
    return undefined;
  }
}
