import { beforeEach, describe, expect, test } from '@jest/globals';
import { fixedEventTypes, inputOf } from '@tidings/accept';
import { shippedDefinitions } from '@tidings/event-types/definitions';
import { createSeal, createSecret, sealedFor } from '@tidings/secrets';
import type { TestJob, TestOutcome } from '@tidings/queue';
import { Webhook } from 'standardwebhooks';
import type { AttemptResult } from '../deliver/attempt-result.js';
import { buildRequest } from '../deliver/request.js';
import type { OutgoingRequest } from '../deliver/send.js';
import { createProcessTests } from './process-tests.js';

const seal = createSeal([{ id: 'test', key: Buffer.alloc(32, 1) }]);
const secret = createSecret();
const job: TestJob = { webhookId: 'wh_1', owner: 'alice', eventId: 'evt_1' };
/** The five shipped types, in version 2. */
const eventTypes = fixedEventTypes(shippedDefinitions().map((definition) => ({ ...inputOf(definition), version: 2 })));
const attemptResult: AttemptResult = {
  startedAt: 0,
  durationMs: 3,
  statusCode: 204,
  retryAfterMs: null,
  errorClass: null,
  error: null,
  errorCode: null,
  requestHeaders: {},
  responseHeaders: {},
  brokeWhenReused: false,
  responseBody: '',
};

let sent: OutgoingRequest[];
let published: TestOutcome[];
let logged: string[];
beforeEach(() => {
  [sent, published, logged] = [[], [], []];
});

const processTest = (overrides: Partial<Parameters<typeof createProcessTests>[0]> = {}) =>
  createProcessTests({
    claim: () => Promise.resolve(true),
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
    eventTypes,
    build: (event) => buildRequest(event, seal),
    send: (request) => {
      sent.push(request);
      return Promise.resolve(attemptResult);
    },
    release: ({ webhookId, eventId }, result) => {
      published.push({ webhookId, eventId, result });
      return Promise.resolve();
    },
    log: { error: (message) => logged.push(message) },
    ...overrides,
  });

describe('a worker that gets a test', () => {
  test('sends a signed webhook.test event with the given id, and publishes the result', async () => {
    expect(await processTest()(job, 'job-1')).toEqual({ action: 'finish' });
    const [request] = sent;
    expect(request?.headers['webhook-id']).toBe('evt_1');
    expect(new Webhook(secret).verify(request?.body ?? '', { ...request?.headers })).toMatchObject({
      type: 'webhook.test',
      data: { webhook_id: 'wh_1' },
    });
    const { durationMs, statusCode, errorClass, error, responseBody } = attemptResult;
    expect(published).toEqual([
      { webhookId: 'wh_1', eventId: 'evt_1', result: { durationMs, statusCode, errorClass, error, responseBody } },
    ]);
  });

  test('sends the first example of the type that the test names, with the owner of the webhook, and the header of its version', async () => {
    await processTest()({ ...job, tested: { type: 'gaps.updated', version: 2 } }, 'job-1');
    const [request] = sent;
    expect(request?.headers['webhook-event-version']).toBe('2');
    const [example] = shippedDefinitions().find(({ type }) => type === 'gaps.updated')?.examples ?? [];
    expect(new Webhook(secret).verify(request?.body ?? '', { ...request?.headers })).toMatchObject({
      type: 'gaps.updated',
      data: { ...(example as object), user_id: 'alice' },
    });
    expect(published).toMatchObject([{ webhookId: 'wh_1', eventId: 'evt_1', result: { statusCode: 204 } }]);
  });

  test('claims and releases the test of the version of the type, not the one of webhook.test', async () => {
    const steps: unknown[] = [];
    const step = (test: object) => Promise.resolve(steps.push(test));
    const tested = { type: 'gaps.updated', version: 2 };
    await processTest({ claim: async (test) => (await step(test)) > 0, release: (test) => step(test).then(() => undefined) })(
      { ...job, tested },
      'job-1',
    );
    expect(steps).toMatchObject([{ tested }, { tested }]);
  });

  test('sends nothing, and publishes the failure, when the version was archived meanwhile', async () => {
    await processTest()({ ...job, tested: { type: 'gaps.updated', version: 3 } }, 'job-1');
    expect([sent, published]).toEqual([[], [{ webhookId: 'wh_1', eventId: 'evt_1', result: 'failed' }]]);
    expect(logged).toEqual(['A webhook could not be tested.']);
  });

  test('sends nothing when the test was withdrawn or claimed by another worker', async () => {
    await processTest({ claim: () => Promise.resolve(false) })(job, 'job-1');
    expect([sent, published]).toEqual([[], []]);
  });

  test('sends nothing to a webhook of another owner, and publishes that it is gone (I7)', async () => {
    await processTest()({ ...job, owner: 'mallory' }, 'job-1');
    expect([sent, published]).toEqual([[], [{ webhookId: 'wh_1', eventId: 'evt_1', result: 'gone' }]]);
  });

  test.each([
    ['cannot read the webhook', { readEndpoint: () => Promise.reject(new Error('away')) }],
    [
      'cannot open its secret',
      {
        build: (event: Parameters<typeof buildRequest>[0]) =>
          buildRequest(event, createSeal([{ id: 'other', key: Buffer.alloc(32) }])),
      },
    ],
  ])('publishes the failure immediately when it %s', async (_name, overrides) => {
    await processTest(overrides)(job, 'job-1');
    expect([sent, published]).toEqual([[], [{ webhookId: 'wh_1', eventId: 'evt_1', result: 'failed' }]]);
    expect(logged).toEqual(['A webhook could not be tested.']);
  });

  test('sends nothing when Redis is away', async () => {
    expect(await processTest({ claim: () => Promise.reject(new Error('away')) })(job, 'job-1')).toEqual({ action: 'finish' });
    expect(sent).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['a webhook id with a NUL', { ...job, webhookId: 'wh_1\0' }],
    ['an owner with a NUL', { ...job, owner: 'alice\0' }],
    ['an event id with a NUL', { ...job, eventId: 'evt_1\0' }],
    ['a list as its webhook id', { ...job, webhookId: ['wh_1'] }],
    ['no owner', { webhookId: 'wh_1', eventId: 'evt_1' }],
    ['no data', null],
    ['a text as the tested type', { ...job, tested: 'gaps.updated' }],
    ['null as the tested type', { ...job, tested: null }],
    ['no name of the tested type', { ...job, tested: { version: 1 } }],
    ['a pattern as the name', { ...job, tested: { type: 'gaps.*', version: 1 } }],
    ['a name with a NUL', { ...job, tested: { type: 'gaps.updated\0', version: 1 } }],
    ['a name of 101 characters', { ...job, tested: { type: 'g'.repeat(101), version: 1 } }],
    ['no version of the tested type', { ...job, tested: { type: 'gaps.updated' } }],
    ['a text as the version', { ...job, tested: { type: 'gaps.updated', version: '1' } }],
    ['a fraction as the version', { ...job, tested: { type: 'gaps.updated', version: 1.5 } }],
    ['a version below 1', { ...job, tested: { type: 'gaps.updated', version: 0 } }],
    ['a version that PostgreSQL does not have', { ...job, tested: { type: 'gaps.updated', version: 1e9 } }],
  ])('drops a job with %s, with a log line, and claims no test', async (_name, input) => {
    const claim = () => Promise.reject(new Error('claimed'));
    expect(await processTest({ claim })(input, 'job-1')).toEqual({ action: 'finish' });
    expect([sent, published]).toEqual([[], []]);
    expect(logged).toEqual(['A job of the queue "tests" names no test of a webhook. It is dropped.']);
  });
});
