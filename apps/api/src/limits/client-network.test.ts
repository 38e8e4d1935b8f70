import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clientNetwork } from './client-network.js';

const groups = (count: number) => fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: count, maxLength: count });
const text = (parts: readonly number[]) => parts.map((part) => part.toString(16)).join(':');
/** A prefix of global unicast addresses, so not an IPv4-mapped one. */
const prefix = groups(4).map(([first = 0, ...rest]) => [(first & 0x1fff) | 0x2000, ...rest]);

describe('the network of a client', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['2001:db8:0:1::7', '2001:db8:0:1::/64'],
    ['2001:DB8::1:0:0:0:7', '2001:db8:0:1::/64'],
    ['[2001:db8:0:1::7]:4711', '2001:db8:0:1::/64'],
    ['[2001:db8:0:1::7]', '2001:db8:0:1::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('for %s is %s', (ip, network) => {
    expect(clientNetwork(ip)).toBe(network);
  });

  test.each([undefined, '', '1', '0x7f.1', '192.0.2.256', '_hidden', 'unknown', "1';DROP", '192.0.2.1:99:1', 'x'.repeat(9999)])(
    'for a text that is no address is "unknown": %s',
    (ip) => {
      expect(clientNetwork(ip)).toBe('unknown');
    },
  );

  test('is the same for all addresses of a /64 in every spelling, and differs for other addresses', () => {
    fc.assert(
      fc.property(prefix, prefix, groups(4), groups(4), (network, other, one, two) => {
        expect(clientNetwork(text([...network, ...one]))).toBe(clientNetwork(text([...network, ...two]).toUpperCase()));
        fc.pre(text(network) !== text(other));
        expect(clientNetwork(text([...network, ...one]))).not.toBe(clientNetwork(text([...other, ...one])));
      }),
    );
  });
});
