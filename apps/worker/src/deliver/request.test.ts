import { describe, expect, test } from '@jest/globals';
import type { ClaimedDelivery } from '@tidings/database';
import { createSeal, createSecret, sealedFor, sealHeaders } from '@tidings/secrets';
import { Webhook } from 'standardwebhooks';
import { buildRequest } from './request.js';

const seal = createSeal([{ id: 'test', key: Buffer.alloc(32, 1) }]);
const secret = createSecret();
const now = Math.floor(Date.now() / 1000);

const delivery = (more: Partial<ClaimedDelivery> = {}): ClaimedDelivery => ({
  state: 'claimed',
  id: 'dlv_1',
  leaseToken: 'lease',
  webhookId: 'wh_1',
  owner: 'alice',
  url: 'https://example.com/hook',
  sealedSecret: seal.seal(secret, sealedFor.secret('wh_1')),
  sealedPreviousSecrets: null,
  sealedHeaders: null,
  claimedAt: now,
  eventId: 'evt_1',
  eventType: 'sync.completed',
  eventVersion: 1,
  eventTimestamp: '2026-11-24T10:00:00.000Z',
  eventData: '{"user_id":"alice","duration_s":1.50}',
  traceparent: null,
  attemptCount: 0,
  priorAttempts: 0,
  isResent: false,
  replay: false,
  firstAttemptAgoMs: null,
  slowDowns: 0,
  retry: { maxAttempts: null, initialDelayMs: null, maxDelayMs: null, schedule: null },
  ...more,
});

describe('the request of a delivery', () => {
  test('is verified by the standardwebhooks package with the owner’s secret', () => {
    const { body, headers } = buildRequest(delivery(), seal);
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({ type: 'sync.completed' });
  });

  test('has the digits of numbers as they are stored, and the line separators of Unicode as escapes, also in the signature', () => {
    const eventData = '{"a":1.0,"b":12345678901234567890,"c":"x\u2028y\u2029z\u0085"}';
    const { body, headers } = buildRequest(delivery({ eventData }), seal);
    expect(body).toBe(
      '{"type":"sync.completed","timestamp":"2026-11-24T10:00:00.000Z","data":{"a":1.0,"b":12345678901234567890,"c":"x\\u2028y\\u2029z\\u0085"}}',
    );
    expect(buildRequest(delivery({ eventData }), seal).body).toBe(body);
    expect(() => new Webhook(secret).verify(body, headers as Record<string, string>)).not.toThrow();
  });

  test('is signed with every secret that is still valid, the newest first', () => {
    const [older, ended] = [createSecret(), createSecret()];
    const previous = [
      { secret: older, until: now + 1 },
      { secret: ended, until: now },
    ];
    const sealedPreviousSecrets = seal.seal(JSON.stringify(previous), sealedFor.previousSecrets('wh_1'));
    const { body, headers } = buildRequest(delivery({ sealedPreviousSecrets }), seal);
    const verify = (key: string) => () => new Webhook(key).verify(body, headers);
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
    for (const key of [secret, older]) expect(verify(key)).not.toThrow();
    expect(verify(ended)).toThrow();
    const signatures = String(headers['webhook-signature']).split(' ');
    expect(signatures[0]).toBe(buildRequest(delivery(), seal).headers['webhook-signature']);
  });

  test('has the type, the timestamp and the payload exactly as accepted', () => {
    const { body, headers } = buildRequest(delivery(), seal);
    expect(body).toBe(
      '{"type":"sync.completed","timestamp":"2026-11-24T10:00:00.000Z","data":{"user_id":"alice","duration_s":1.50}}',
    );
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(now),
    });
  });

  test('has the same body and id on every attempt, and a signature for the time of the attempt', () => {
    const [first, second] = [
      buildRequest(delivery(), seal),
      buildRequest(delivery({ attemptCount: 1, claimedAt: now + 60 }), seal),
    ];
    expect(second.body).toBe(first.body);
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect(second.headers['webhook-signature']).not.toBe(first.headers['webhook-signature']);
  });

  test("has the owner's headers, which never replace those of Tidings", () => {
    const headers = { authorization: 'Bearer of-the-receiver', 'webhook-id': 'forged' };
    const sealedHeaders = sealHeaders(seal, { id: 'wh_1', url: 'https://example.com/hook' }, headers);
    expect(buildRequest(delivery({ sealedHeaders }), seal).headers).toMatchObject({
      authorization: 'Bearer of-the-receiver',
      'webhook-id': 'evt_1',
    });
  });

  test('cannot be built with headers that were given for another origin (I13)', () => {
    const sealedHeaders = sealHeaders(seal, { id: 'wh_1', url: 'https://example.com/hook' }, { authorization: 'Bearer one' });
    expect(() => buildRequest(delivery({ sealedHeaders, url: 'https://evil.example/hook' }), seal)).toThrow('Does not open');
  });

  test('cannot be built with a secret that was sealed for another webhook', () => {
    expect(() => buildRequest(delivery({ webhookId: 'wh_2' }), seal)).toThrow();
  });
});
