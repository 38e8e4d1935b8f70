import { describe, expect, test } from '@jest/globals';
import { customHeaders, isReservedHeader } from './headers.js';

describe('a custom header', () => {
  test.each([
    ...[
      'Webhook-Id',
      'webhook-signature',
      'WEBHOOK-X',
      'Host',
      'Content-Type',
      'content-length',
      'Content-Encoding',
      'User-Agent',
    ],
    ...['Connection', 'Keep-Alive', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'Proxy-Authorization', 'Proxy-Connection'],
    ...['Expect', 'Accept-Encoding', 'Forwarded', 'X-Forwarded-For', 'x-forwarded-host', 'X-Real-IP', 'Via', '__proto__'],
    ...['True-Client-IP', 'CF-Connecting-IP', 'X-Client-IP', 'X-Original-URL', 'X-Rewrite-Url', 'X-Envoy-Peer-Metadata'],
    ...['X-SSL-Client-Verify', 'X-HTTP-Method-Override', 'svix-id', 'x_real_ip', 'X_Forwarded_For', 'webhook_signature', '_'],
  ])('may not be %s', (name) => {
    expect(isReservedHeader(name)).toBe(true);
    expect(customHeaders({ [name]: 'x' })).toEqual({});
  });

  test.each([
    'Authorization',
    'Cookie',
    'X-Api-Key',
    'X-Host',
    'Tea',
    'X-Webhook-Id',
    'CF-Access-Client-Id',
    'constructor',
    'toString',
  ])('may be %s, and is sent in lower case', (name) => {
    expect(isReservedHeader(name)).toBe(false);
    expect(Object.entries(customHeaders({ [name]: 'x' }))).toEqual([[name.toLowerCase(), 'x']]);
  });
});
