import { expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { openHeaders, sealHeaders } from './headers.js';
import { createSeal, sealedFor } from './seal.js';

const seal = createSeal([{ id: 'a', key: randomBytes(32) }]);
const headers = { authorization: 'Bearer one' };
const webhook = { id: 'wh_1', url: 'https://example.com/hook' };
const sealed = sealHeaders(seal, webhook, headers);

test('headers open for every URL of their origin', () => {
  for (const url of [webhook.url, 'https://example.com/', 'https://EXAMPLE.com:443/other?x=1', 'https://me:pw@example.com/'])
    expect(openHeaders(seal, { ...webhook, url }, sealed)).toEqual({ headers, isForOrigin: true });
});

test.each(['https://example.org/hook', 'http://example.com/hook', 'https://example.com:8443/hook', 'https://a.example.com/hook'])(
  'headers do not open for another origin: %s',
  (url) => {
    expect(() => openHeaders(seal, { ...webhook, url }, sealed)).toThrow('Does not open');
  },
);

test('headers do not open for another webhook', () => {
  expect(() => openHeaders(seal, { ...webhook, id: 'wh_2' }, sealed)).toThrow('Does not open');
});

test('headers that were sealed for no origin open, for their webhook only', () => {
  const earlier = seal.seal(JSON.stringify(headers), sealedFor.headersOfAnyOrigin('wh_1'));
  expect(openHeaders(seal, webhook, earlier)).toEqual({ headers, isForOrigin: false });
  expect(() => openHeaders(seal, { ...webhook, id: 'wh_2' }, earlier)).toThrow('Does not open');
});
