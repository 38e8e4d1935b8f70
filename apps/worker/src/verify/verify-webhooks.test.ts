import { beforeEach, describe, expect, test } from '@jest/globals';
import type { UnverifiedWebhook, VerificationResult } from '@tidings/database';
import { createSeal, createSecret, sealedFor } from '@tidings/secrets';
import type { AttemptResult } from '../deliver/attempt-result.js';
import { buildRequest } from '../deliver/request.js';
import type { OutgoingRequest } from '../deliver/send.js';
import { createVerifyWebhooks } from './verify-webhooks.js';

const seal = createSeal([{ id: 'test', key: Buffer.alloc(32, 1) }]);
const secret = createSecret();
const RESULT: AttemptResult = {
  startedAt: 0,
  durationMs: 3,
  statusCode: 200,
  retryAfterMs: null,
  errorClass: null,
  error: null,
  errorCode: null,
  requestHeaders: {},
  responseHeaders: {},
  brokeWhenReused: false,
  responseBody: '',
};

const waiting = (webhookId: string, url: string): UnverifiedWebhook => ({
  webhookId,
  url,
  sealedSecret: seal.seal(secret, sealedFor.secret(webhookId)),
  sealedPreviousSecrets: null,
  sealedHeaders: null,
  claimedAt: Math.floor(Date.now() / 1000),
  attempt: 1,
});
const bodyOf = ({ body }: OutgoingRequest) => JSON.parse(body) as { type: string; data: { challenge: string } };
const echo = (request: OutgoingRequest) => JSON.stringify({ challenge: bodyOf(request).data.challenge });

let sent: OutgoingRequest[];
let recorded: VerificationResult[];
let postponed: string[];
let released: (readonly string[] | undefined)[];
let refills: number;
beforeEach(() => {
  [sent, recorded, postponed, released, refills] = [[], [], [], [], 0];
});

const round = (
  webhooks: readonly UnverifiedWebhook[],
  overrides: Partial<Parameters<typeof createVerifyWebhooks>[0]> & { answer?: (request: OutgoingRequest) => string } = {},
) =>
  createVerifyWebhooks({
    isOff: false,
    mustVerify: () => true,
    take: () => Promise.resolve([...webhooks]),
    postpone: (ids) => {
      postponed.push(...ids);
      return Promise.resolve();
    },
    record: (result) => {
      recorded.push(result);
      return Promise.resolve(true);
    },
    release: (ids) => {
      released.push(ids);
      return Promise.resolve(ids?.length ?? 0);
    },
    build: (event) => buildRequest(event, seal),
    send: (request) => {
      sent.push(request);
      return Promise.resolve({ ...RESULT, responseBody: (overrides.answer ?? echo)(request) });
    },
    refill: () => {
      refills += 1;
      return Promise.resolve();
    },
    observe: () => undefined,
    log: { info: () => undefined, error: () => undefined },
    ...overrides,
  })(() => false);

describe('a round of challenges', () => {
  test('sends one request to a host, however its name is spelled and whoever owns the webhooks', async () => {
    await round([
      waiting('wh_1', 'https://victim.example.com/a'),
      waiting('wh_2', 'https://VICTIM.example.com:8443/b'),
      waiting('wh_3', 'https://victim.example.com./c'),
      waiting('wh_4', 'https://other.example.com/'),
    ]);
    expect(sent.map(({ url }) => url)).toEqual(['https://victim.example.com/a', 'https://other.example.com/']);
    expect(postponed).toEqual(['wh_2', 'wh_3']);
  });

  test('verifies a webhook whose receiver answers, with a challenge of its own for each', async () => {
    await round([waiting('wh_1', 'https://one.example.com/'), waiting('wh_2', 'https://two.example.com/')]);
    expect(recorded).toEqual([
      { webhookId: 'wh_1', url: 'https://one.example.com/', error: null },
      { webhookId: 'wh_2', url: 'https://two.example.com/', error: null },
    ]);
    expect(new Set(sent.map((request) => bodyOf(request).data.challenge)).size).toBe(2);
    expect(refills).toBe(1);
  });

  test('verifies nothing at a server that reflects what it is sent', async () => {
    await round([waiting('wh_1', 'https://echo.example.com/')], { answer: ({ body }) => body });
    expect(recorded).toMatchObject([{ webhookId: 'wh_1', error: { class: 'challenge' } }]);
    expect(refills).toBe(0);
  });

  test('releases webhooks that need no verification any more, and sends them nothing', async () => {
    await round([waiting('wh_in', 'http://billing/'), waiting('wh_out', 'https://example.com/')], {
      mustVerify: (url) => url !== 'http://billing/',
    });
    expect(released).toEqual([['wh_in']]);
    expect(sent.map(({ url }) => url)).toEqual(['https://example.com/']);
  });

  test('releases all that wait, and challenges none, when verifications are switched off', async () => {
    let left = 700;
    await round([waiting('wh_1', 'https://example.com/')], {
      isOff: true,
      release: () => {
        const some = Math.min(500, left);
        left -= some;
        return Promise.resolve(some);
      },
    });
    expect({ left, sent, refills }).toEqual({ left: 0, sent: [], refills: 1 });
  });
});
