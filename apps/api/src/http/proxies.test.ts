import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import supertest from 'supertest';
import { startApi, type TestApi } from '../../test/start-api.js';
import { parseTrustedProxies, type TrustedProxies } from './proxies.js';

describe('TRUST_PROXY', () => {
  test.each<[string, TrustedProxies]>([
    ['', false],
    ['0', false],
    ['1', 1],
    [' 2 ', 2],
    ['10.0.0.0/8', ['10.0.0.0/8']],
    ['10.0.0.0/8, fd00::/8', ['10.0.0.0/8', 'fd00::/8']],
  ])('"%s" is %j', (text, trusted) => {
    expect(parseTrustedProxies(text)).toEqual(trusted);
  });

  test.each(['true', 'yes', '*', '11', '-1', '1.5', 'loopback', '10.0.0.0/33', '10.0.0.0/8,nginx'])('"%s" is refused', (text) => {
    expect(() => parseTrustedProxies(text)).toThrow();
  });
});

/** Sends one request for each X-Forwarded-For value, and returns how many pass a limit of three for each address. */
async function countAdmitted(api: TestApi, forwarded: readonly string[]): Promise<number> {
  let count = 0;
  for (const [index, value] of forwarded.entries()) {
    const request = supertest(api.url)
      .get('/api/event-types')
      .set('authorization', `Bearer ${api.token(`u${String(index)}`)}`);
    if ((await request.set('x-forwarded-for', value)).status === 200) count += 1;
  }
  return count;
}
const SPOOFED = Array.from({ length: 6 }, (_, index) => `203.0.113.${String(index)}`);

describe.each<[string, TrustedProxies, (spoofed: string) => string, number]>([
  ['is ignored by default', false, (spoofed) => spoofed, 3],
  ['is ignored from an address outside the trusted networks', ['10.0.0.0/8'], (spoofed) => spoofed, 3],
  ['is used from an address in a trusted network', ['127.0.0.0/8'], (spoofed) => spoofed, 6],
  [
    'names the address that the one trusted proxy saw, whatever the client wrote before it',
    1,
    (spoofed) => `${spoofed}, 192.0.2.1`,
    3,
  ],
  ['names the address that the first of two trusted proxies saw', 2, (spoofed) => `${spoofed}, 192.0.2.1, 10.0.0.1`, 3],
  ['shares one limit among all values that are not addresses', 1, (spoofed) => `client-${spoofed}`, 3],
])('X-Forwarded-For', (what, trustedProxies, header, expected) => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startApi({ limits: { perIp: 3 }, trustedProxies });
  });
  afterAll(() => api.stop());

  test(what, async () => {
    expect(await countAdmitted(api, SPOOFED.map(header))).toBe(expected);
    const warnings = api.logged().split('set TRUST_PROXY').length - 1;
    expect(warnings).toBe(trustedProxies === false ? 1 : 0);
  });
});
