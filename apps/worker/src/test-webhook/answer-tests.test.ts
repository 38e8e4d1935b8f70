import { beforeEach, describe, expect, test } from '@jest/globals';
import { createSeal, createSecret, sealedFor } from '@tidings/secrets';
import type { TestJob, TestOutcome } from '@tidings/queue';
import { Webhook } from 'standardwebhooks';
import type { AttemptResult } from '../deliver/attempt-result.js';
import { buildRequest } from '../deliver/request.js';
import type { OutgoingRequest } from '../deliver/send.js';
import { createAnswerTests } from './answer-tests.js';

const seal = createSeal([{ id: 'test', key: Buffer.alloc(32, 1) }]);
const secret = createSecret();
const job: TestJob = { webhookId: 'wh_1', owner: 'alice', eventId: 'evt_1' };
const came: AttemptResult = {
  startedAt: 0,
  durationMs: 3,
  statusCode: 204,
  retryAfterMs: null,
  errorClass: null,
  error: null,
  responseBody: '',
};

let sent: OutgoingRequest[];
let told: TestOutcome[];
let logged: string[];
beforeEach(() => {
  [sent, told, logged] = [[], [], []];
});

const answer = (more: Partial<Parameters<typeof createAnswerTests>[0]> = {}) =>
  createAnswerTests({
    take: () => Promise.resolve(true),
    readEndpoint: (owner, webhookId) =>
      Promise.resolve(
        owner === 'alice'
          ? {
              webhookId,
              url: 'https://example.com/hook',
              sealedSecret: seal.seal(secret, sealedFor.secret(webhookId)),
              sealedPreviousSecrets: null,
              sealedHeaders: null,
              claimedAt: Math.floor(Date.now() / 1000),
            }
          : undefined,
      ),
    build: (event) => buildRequest(event, seal),
    send: (request) => {
      sent.push(request);
      return Promise.resolve(came);
    },
    end: (outcome) => {
      told.push(outcome);
      return Promise.resolve();
    },
    log: { error: (message) => logged.push(message) },
    ...more,
  });

describe('a worker that is asked for a test', () => {
  test('sends a webhook.test event under the id that it was given, signed, and tells what came back', async () => {
    expect(await answer()(job)).toEqual({ action: 'finish' });
    const [request] = sent;
    expect(request?.headers['webhook-id']).toBe('evt_1');
    expect(new Webhook(secret).verify(request?.body ?? '', { ...request?.headers })).toMatchObject({
      type: 'webhook.test',
      data: { webhook_id: 'wh_1' },
    });
    const { durationMs, statusCode, errorClass, error, responseBody } = came;
    expect(told).toEqual([
      { webhookId: 'wh_1', eventId: 'evt_1', result: { durationMs, statusCode, errorClass, error, responseBody } },
    ]);
  });

  test('sends nothing when it was withdrawn, or another worker has taken it', async () => {
    await answer({ take: () => Promise.resolve(false) })(job);
    expect([sent, told]).toEqual([[], []]);
  });

  test('sends nothing to a webhook that is not the user’s, and says that it is gone (I7)', async () => {
    await answer()({ ...job, owner: 'mallory' });
    expect([sent, told]).toEqual([[], [{ webhookId: 'wh_1', eventId: 'evt_1', result: 'gone' }]]);
  });

  test.each([
    ['cannot read it', { readEndpoint: () => Promise.reject(new Error('away')) }],
    [
      'cannot open its secret',
      {
        build: (event: Parameters<typeof buildRequest>[0]) =>
          buildRequest(event, createSeal([{ id: 'other', key: Buffer.alloc(32) }])),
      },
    ],
  ])('says so at once when it %s, so that nobody waits', async (_name, more) => {
    await answer(more)(job);
    expect([sent, told]).toEqual([[], [{ webhookId: 'wh_1', eventId: 'evt_1', result: 'failed' }]]);
    expect(logged).toEqual(['A webhook could not be tested.']);
  });

  test('sends nothing when Redis cannot be asked whether it may', async () => {
    expect(await answer({ take: () => Promise.reject(new Error('away')) })(job)).toEqual({ action: 'finish' });
    expect(sent).toEqual([]);
  });
});
