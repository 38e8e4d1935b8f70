import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { hostNetworks, isForbidden, parseNetworks } from './address.js';

const none = { allowed: [] };
const V4_EDGES = [
  ...['0.0.0.0', '0.255.255.255', '10.0.0.0', '10.255.255.255', '100.64.0.0', '100.127.255.255', '127.0.0.0', '127.255.255.255'],
  ...['169.254.0.0', '169.254.255.255', '172.16.0.0', '172.31.255.255', '192.0.0.0', '192.0.0.255', '192.0.2.0', '192.0.2.255'],
  ...['192.31.196.0', '192.31.196.255', '192.52.193.0', '192.52.193.255', '192.88.99.0', '192.88.99.255', '192.168.0.0'],
  ...['192.168.255.255', '192.175.48.0', '192.175.48.255', '198.18.0.0', '198.19.255.255', '198.51.100.0', '198.51.100.255'],
  ...['203.0.113.0', '203.0.113.255', '224.0.0.0', '239.255.255.255', '240.0.0.0', '255.255.255.255'],
];

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
    '::8.8.8.8',
    '::0:8.8.8.8',
    '64:ff9a::8.8.8.8',
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
    '2606:4700::1111%eth0',
  ])('is %s', (address) => {
    expect(isForbidden(address, none)).toBe(true);
  });

  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '93.184.216.34',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '2606:4700::1111',
    '2a00:1450:4001:81b::200e',
    '2606:4700::5efe:8.8.8.8',
    ...['1.0.0.0', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0'],
    ...['169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.0.1.0', '192.0.3.0', '198.17.255.255'],
    ...['198.20.0.0', '223.255.255.255', '168.63.129.15', '168.63.129.17', '2001:200::1', '2620:4f:8001::1'],
  ])('is not %s', (address) => {
    expect(isForbidden(address, none)).toBe(false);
  });

  test.each([
    ['the first and last of each block that the IPv4 registry lists', [...V4_EDGES]],
    ['of metadata services', ['169.254.169.254', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254', '168.63.129.16']],
    ['in Teredo, 6to4 and ORCHID', ['2001::1', '2001:0:4136:e378:8000:63bf:80ff:fffe', '2002:808:808::1', '2001:20::1']],
    ['an ISATAP address that tunnels to a private address', ['2606:4700::5efe:10.0.0.1', '2606:4700::200:5efe:7f00:1']],
  ])('is one %s', (_name, addresses) => {
    expect(addresses.filter((address) => !isForbidden(address, none))).toEqual([]);
  });

  test('is every address that ipaddr.js calls special, and more', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(
      fc.property(fc.oneof(bytes(4), bytes(16)), (address) => {
        const ip = ipaddr.fromByteArray([...address]);
        const special = !['unicast', 'ipv4Mapped', 'rfc6052'].includes(ip.range());
        if (special) expect(isForbidden(ip.toString(), none)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('is allowed in a network that the operator allows, and only there', () => {
    const rules = { allowed: parseNetworks('127.0.0.0/8, fd00::/8') };
    expect(isForbidden('127.0.0.1', rules)).toBe(false);
    expect(isForbidden('::ffff:127.0.0.1', rules)).toBe(false);
    expect(isForbidden('fd00::7', rules)).toBe(false);
    expect(isForbidden('10.0.0.1', rules)).toBe(true);
    expect(isForbidden('::1', rules)).toBe(true);
  });
});

describe('an address of this machine', () => {
  const hostAddresses = hostNetworks(['8.8.4.4', '2606:4700::7', 'fe80::1%eth0', '127.0.0.1', 'nonsense']);

  test('is forbidden although it is public, in every spelling', () => {
    for (const address of ['8.8.4.4', '::ffff:8.8.4.4', '64:ff9b::808:404', '2606:4700:0::7']) {
      expect(isForbidden(address, none)).toBe(false);
      expect(isForbidden(address, { allowed: [], hostAddresses })).toBe(true);
    }
    expect(isForbidden('8.8.8.8', { allowed: [], hostAddresses })).toBe(false);
  });

  test('may be allowed by the operator, as the first run does', () => {
    expect(isForbidden('127.0.0.1', { allowed: parseNetworks('127.0.0.0/8'), hostAddresses })).toBe(false);
  });
});

describe('a network that the operator denies', () => {
  test('is forbidden, even inside an allowed network', () => {
    const rules = { allowed: parseNetworks('10.0.0.0/8'), denied: parseNetworks('10.1.0.0/16, 8.8.8.8/32') };
    expect(isForbidden('10.0.0.1', rules)).toBe(false);
    expect(isForbidden('10.1.0.1', rules)).toBe(true);
    expect(isForbidden('8.8.8.8', rules)).toBe(true);
  });

  test.each([
    ['64:ff9b::/96', '64:ff9b::808:808'],
    ['::ffff:8.8.8.0/120', '::ffff:8.8.8.8'],
    ['::ffff:8.8.8.0/120', '8.8.8.8'],
    ['::ffff:808:0/112', '64:ff9b::808:808'],
    ['2606:4700::/32', '2606:4700:0::7'],
  ])('is forbidden in every spelling of both: %s has %s', (network, address) => {
    expect(isForbidden(address, none)).toBe(false);
    expect(isForbidden(address, { allowed: [], denied: parseNetworks(network) })).toBe(true);
    expect(isForbidden('9.9.9.9', { allowed: [], denied: parseNetworks(network) })).toBe(false);
  });

  test('is not an address of IPv4 when it is written as the last bytes of one of IPv6', () => {
    expect(isForbidden('8.8.8.8', { allowed: [], denied: parseNetworks('::8.8.8.8/128') })).toBe(false);
  });
});

describe('EGRESS_ALLOW_CIDRS', () => {
  test('is empty for an empty text', () => {
    expect(parseNetworks('')).toEqual([]);
  });

  test('names the entry that is not a network', () => {
    expect(() => parseNetworks('10.0.0.0/8,localhost')).toThrow('"localhost" is not a network');
  });

  test.each(['010.0.0.0/8', '0x0a.0.0.0/8', '10/8', '127.1/32', '2130706433/32', 'fe80::1%eth0/64', '10.0.0.0/33'])(
    'refuses %s, which programs read in different ways or not at all',
    (network) => {
      expect(() => parseNetworks(network)).toThrow(`"${network}" is not a network such as`);
    },
  );
});
