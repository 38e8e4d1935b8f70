import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isForbidden, parseNetworks } from './address.js';

describe('a forbidden address', () => {
  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '168.63.129.16',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::1',
    '3fff::1',
    '4000::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    '',
    'example.com',
    '1.2.3.4.5',
    '127.0.0.1%lo',
  ])('is %s', (address) => {
    expect(isForbidden(address)).toBe(true);
  });

  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '93.184.216.34',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '2606:4700::1111',
    '2a00:1450:4001:81b::200e',
  ])('is not %s', (address) => {
    expect(isForbidden(address)).toBe(false);
  });

  test('stays forbidden in every spelling as an IPv4 address inside IPv6', () => {
    const privateAddress = fc.constantFrom('127.0.0.1', '10.0.0.1', '169.254.169.254', '192.168.0.1', '172.16.9.9');
    fc.assert(
      fc.property(privateAddress, fc.constantFrom('::', '::ffff:', '64:ff9b::', '64:ff9b:1::', '::ffff:0:'), (v4, prefix) => {
        expect(isForbidden(prefix + v4)).toBe(true);
      }),
    );
  });

  test('is allowed in a network that the operator opened, and only there', () => {
    const allowed = parseNetworks('127.0.0.0/8, fd00::/8');
    expect(isForbidden('127.0.0.1', allowed)).toBe(false);
    expect(isForbidden('::ffff:127.0.0.1', allowed)).toBe(false);
    expect(isForbidden('fd00::7', allowed)).toBe(false);
    expect(isForbidden('10.0.0.1', allowed)).toBe(true);
    expect(isForbidden('::1', allowed)).toBe(true);
  });
});

describe('EGRESS_ALLOW_CIDRS', () => {
  test('is empty for an empty text', () => {
    expect(parseNetworks('')).toEqual([]);
  });

  test('names the entry that is no network', () => {
    expect(() => parseNetworks('10.0.0.0/8,localhost')).toThrow('"localhost" is not a network');
  });
});
