import { describe, expect, test } from '@jest/globals';
import { parseNetworks } from './address.js';
import { checkUrl } from './url.js';

const open = { requireHttps: false, addresses: { allowed: [] } };

describe('a webhook URL', () => {
  test.each([
    'https://example.com/hook',
    'http://example.com/',
    'https://example.com:8443/a?b=c#d',
    'http://example.com:443/',
    'https://example.com:80/',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
    'https://sub.example.co.uk./',
    'https://bücher.example/hook',
  ])('may be %s', (url) => {
    expect(checkUrl(url, open)).toBeNull();
  });

  test.each([
    ['', 'must be a URL'],
    ['example.com/hook', 'must be a URL'],
    ['ftp://example.com/', 'must begin with https:// or http://'],
    ['javascript:alert(1)', 'must begin with https:// or http://'],
    ['https://alice:pw@example.com/', 'must not hold a user name'],
    ['https://@example.com/', 'must not hold a user name'],
    ['https:example.com', 'must begin with https:// or http://, in full'],
    ['https:/example.com', 'must begin with https:// or http://, in full'],
    ['https:\\\\example.com\\hook', 'must not hold spaces, control characters or backslashes'],
    ['https://example.com/a b', 'must not hold spaces'],
    ['https://example.com/\n', 'must not hold spaces, control'],
    ['https://example.com:22/', 'must use port 80, 443 or one above 1023'],
    ['https://localhost/', 'internal name localhost'],
    ['https://localhost./', 'internal name localhost'],
    ['https://db/', 'internal name db'],
    ['https://metadata.google.internal/', 'internal name'],
    ['https://api.default.svc/', 'internal name'],
    ['https://127.0.0.1/', '127.0.0.1, which is not public'],
    ['https://2130706433/', '127.0.0.1, which is not public'],
    ['https://0x7f.1/', '127.0.0.1, which is not public'],
    ['https://0177.0.0.1/', '127.0.0.1, which is not public'],
    ['https://１２７.0.0.1/', '127.0.0.1, which is not public'],
    ['https://%31%32%37.0.0.1/', '127.0.0.1, which is not public'],
    ['https://[::ffff:127.0.0.1]/', 'which is not public'],
    ['https://[::1]/', '::1, which is not public'],
    [`https://${'a'.repeat(64)}.com/`, 'must have a valid host name'],
    [`https://example.com/${'a'.repeat(2048)}`, 'must be at most 2048 characters'],
  ])('is refused: %j', (url, problem) => {
    expect(checkUrl(url, open)).toContain(problem);
  });

  test('is parsed the same way after the code was optimised', () => {
    for (let count = 0; count < 10_000; count += 1) expect(checkUrl('https://bücher.example/', open)).toBeNull();
  });

  test('must be https when the operator requires it', () => {
    expect(checkUrl('http://example.com/', { ...open, requireHttps: true })).toBe('must begin with https://');
  });

  test('may be internal when the operator allows a network', () => {
    const rules = { requireHttps: false, addresses: { allowed: parseNetworks('127.0.0.0/8') } };
    expect(checkUrl('http://127.0.0.1:4000/hook', rules)).toBeNull();
    expect(checkUrl('http://localhost:4000/hook', rules)).toBeNull();
    expect(checkUrl('http://10.0.0.1/', rules)).toContain('10.0.0.1, which is not public');
  });
});
