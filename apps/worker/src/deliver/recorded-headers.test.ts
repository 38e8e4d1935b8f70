import { describe, expect, test } from '@jest/globals';
import { recordRequestHeaders, recordResponseHeaders } from './recorded-headers.js';

describe('of the headers that were sent', () => {
  test('those of Tidings are recorded, and of those that the owner added only the names', () => {
    const headers = {
      authorization: 'Bearer of-the-receiver',
      'x-api-key': 'secret',
      'user-agent': 'Tidings',
      host: 'shop.example',
      'content-type': 'application/json',
      'content-length': 12,
      'webhook-id': 'evt_1',
      'webhook-signature': 'v1,abc',
      traceparent: '00-1-2-01',
    };
    const recorded = { ...headers, 'content-length': '12', authorization: '[redacted]', 'x-api-key': '[redacted]' };
    expect(recordRequestHeaders({ headers, hasOwnTraceparent: true })).toEqual(recorded);
    expect(recordRequestHeaders({ headers, hasOwnTraceparent: false })).toEqual({ ...recorded, traceparent: '[redacted]' });
  });
});

describe('of the headers of a response', () => {
  const nothing = { headers: {}, hasOwnTraceparent: false };
  const recordResponse = (headers: Parameters<typeof recordResponseHeaders>[0]) => recordResponseHeaders(headers, nothing);

  test('all that fit are recorded', () => {
    const headers = { date: 'today', location: '/elsewhere', 'retry-after': '120', 'content-type': 'text/plain; charset=utf-8' };
    expect(recordResponse(headers)).toEqual(headers);
  });

  test('the telling ones come first, however many there are', () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`x-${String(index)}`, 'x'.repeat(50)]));
    const recorded = recordResponse({
      ...many,
      location: '/elsewhere',
      'retry-after': '120',
      'content-type': 'text/html',
    });
    expect(recorded).toMatchObject({ location: '/elsewhere', 'retry-after': '120', 'content-type': 'text/html' });
    expect(JSON.stringify(recorded).length).toBeLessThan(3000);
  });

  test('a long value is shortened', () => {
    const { location } = recordResponse({ location: `/${'x'.repeat(5000)}` });
    expect(location).toHaveLength(1024);
    expect(location).toMatch(/x…$/);
  });

  test('those that the owner added to the request are not recorded when the receiver repeats them, by name or by value', () => {
    const sent = { headers: { 'x-api-key': 's3cret', 'x-token': 'long-secret', host: 'shop' }, hasOwnTraceparent: false };
    const headers = {
      'x-api-key': 'other',
      'x-echo': 's3cret',
      link: '</?token=long-secret>',
      'x-host': 'shop',
      server: 'nginx',
    };
    expect(recordResponseHeaders(headers, sent)).toEqual({
      ...{ 'x-api-key': '[redacted]', 'x-echo': '[redacted]', link: '[redacted]' },
      ...{ 'x-host': 'shop', server: 'nginx' },
    });
  });

  test('credentials are not recorded', () => {
    expect(recordResponse({ 'set-cookie': ['session=secret'] })).toEqual({ 'set-cookie': '[redacted]' });
  });
});
