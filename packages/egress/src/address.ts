import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A network: an address and the length of its prefix. */
export type Network = [Address, number];

/** The operator's rules for addresses, in addition to the built-in list of addresses that are not public. */
export interface AddressRules {
  /** Networks that requests may reach although they are not public. */
  allowed: readonly Network[];
  /** Public networks that requests may not reach, such as a load balancer's. Wins over `allowed`. */
  denied?: readonly Network[];
  /** The addresses of this machine, which requests may not reach even if they are public. `allowed` wins over it. */
  hostAddresses?: readonly Network[];
}

/**
 * IPv4 networks that are not globally reachable, or that are not hosts: every block of IANA's special-purpose registry. It
 * includes the blocks that the registry calls reachable but that serve the network itself (AS112, AMT, anycast).
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 */
const NOT_PUBLIC_V4 = networks(`
  0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24
  192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24
  224.0.0.0/4 240.0.0.0/4
  168.63.129.16/32`); // Officially routed, but the address of Azure's wire server.

/**
 * IPv6 networks within 2000::/3 that are not public. IANA assigns global addresses only from 2000::/3, so no address outside
 * of it is public, although ipaddr.js calls `::127.0.0.1` and `4000::1` unicast. 2001::/23 contains Teredo, ORCHID and
 * benchmarking; 2002::/16 is 6to4.
 *
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const NOT_PUBLIC_V6 = networks('2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20');
const GLOBAL_UNICAST: Network = ipaddr.IPv6.parseCIDR('2000::/3');

/** The prefix of NAT64 (RFC 6052): in a network with DNS64, every IPv4 host has an address in it. */
const NAT64: Network = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** Bytes 8 to 11 of an ISATAP address (RFC 5214), in front of the IPv4 address that it tunnels to. */
const ISATAP_MARKS = [
  [0x00, 0x00, 0x5e, 0xfe],
  [0x02, 0x00, 0x5e, 0xfe],
];

/**
 * Returns whether requests may not go to this address: it is not public, denied by the operator, an address of this machine,
 * or not an IP address. An IPv4 address inside an IPv6 address is checked as the IPv4 address.
 *
 * @param address from DNS or from a URL, without brackets
 */
export function isForbidden(address: string, { allowed, denied = [], hostAddresses = [] }: AddressRules): boolean {
  // A zone, as in fe80::1%eth0, names a network interface of this machine.
  if (isIP(address) === 0 || address.includes('%')) return true;
  const raw = parse(address);
  const ip = unwrap(raw);
  // Also as it is written: an operator may deny all of NAT64.
  if (isIn(ip, denied) || isIn(raw, denied)) return true;
  if (isIn(ip, allowed)) return false;
  return isIn(ip, hostAddresses) || !isPublic(ip);
}

/** Parses an address as the sixteen bytes that are dialled: ipaddr.js takes `::8.8.8.8` for the IPv4 address, which it is not. */
function parse(address: string): Address {
  const [, start, a, b, c, d] = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address) ?? [];
  if (start === undefined) return ipaddr.parse(address);
  const group = (high = '', low = '') => (Number(high) * 256 + Number(low)).toString(16);
  return ipaddr.parse(`${start}${group(a, b)}:${group(c, d)}`);
}

/** Returns whether an IP address, without brackets, is in one of the networks that the operator allowed. */
export function isAllowed(address: string, allowed: readonly Network[]): boolean {
  return isIn(unwrap(parse(address)), allowed);
}

/**
 * Returns the network that counts as one machine: an IPv4 address, also one inside an IPv6 address, or the /64 of an IPv6 address.
 *
 * @param address an IP address, without brackets
 */
export function networkOf(address: string): string {
  const ip = unwrap(parse(address));
  if (!(ip instanceof ipaddr.IPv6)) return ip.toString();
  const prefix = ip.parts.slice(0, 4).map((part) => part.toString(16));
  return `${prefix.join(':')}::/64`;
}

function isPublic(ip: Address): boolean {
  if (!(ip instanceof ipaddr.IPv6)) return !isIn(ip, NOT_PUBLIC_V4);
  if (!isIn(ip, [GLOBAL_UNICAST]) || isIn(ip, NOT_PUBLIC_V6)) return false;
  const tunnelled = isatapTarget(ip);
  return tunnelled === null || isPublic(tunnelled);
}

/** Returns the IPv4 address inside an IPv4-mapped or NAT64 address, or the address unchanged. */
function unwrap(ip: Address): Address {
  if (!(ip instanceof ipaddr.IPv6)) return ip;
  if (ip.isIPv4MappedAddress()) return ip.toIPv4Address();
  return isIn(ip, [NAT64]) ? new ipaddr.IPv4(ip.toByteArray().slice(12)) : ip;
}

function isatapTarget(ip: ipaddr.IPv6): ipaddr.IPv4 | null {
  const bytes = ip.toByteArray();
  const isIsatap = ISATAP_MARKS.some((mark) => mark.every((byte, index) => bytes[8 + index] === byte));
  return isIsatap ? new ipaddr.IPv4(bytes.slice(12)) : null;
}

function isIn(ip: Address, list: readonly Network[]): boolean {
  return list.some(([network, bits]) => network.kind() === ip.kind() && ip.match(network, bits));
}

/**
 * Parses `EGRESS_ALLOW_CIDRS` or `EGRESS_DENY_CIDRS`: networks in CIDR notation, separated by commas. A network of IPv4-mapped
 * addresses becomes the one of IPv4. Throws an error that names the first entry that is not a network, or that programs read in
 * different ways: `010.0.0.0/8` is 8.0.0.0/8 to some, and `10/8` is 0.0.0.10/8.
 */
export function parseNetworks(text: string): Network[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [address = ''] = entry.split('/', 1);
      if (isIP(address) === 0 || address.includes('%') || !ipaddr.isValidCIDR(entry))
        throw new Error(`"${entry}" is not a network such as 10.0.0.0/8 or fd00::/8`);
      const [, bits] = ipaddr.parseCIDR(entry);
      const ip = parse(address);
      return ip instanceof ipaddr.IPv6 && ip.isIPv4MappedAddress() && bits >= 96 ? [ip.toIPv4Address(), bits - 96] : [ip, bits];
    });
}

/** Formats a network in CIDR notation: `10.0.0.0/8`. */
export function formatNetwork([address, bits]: Network): string {
  return `${address.toString()}/${String(bits)}`;
}

/**
 * Returns each address as a network of one address. An IPv4-mapped or NAT64 address becomes the IPv4 address; texts that are
 * not addresses are left out.
 */
export function hostNetworks(addresses: readonly string[]): Network[] {
  return addresses
    .map((address) => address.split('%', 1)[0] ?? '')
    .filter((address) => isIP(address) !== 0)
    .map((address) => unwrap(parse(address)))
    .map((ip) => [ip, ip.kind() === 'ipv4' ? 32 : 128]);
}

function networks(text: string): Network[] {
  return parseNetworks(text.trim().replaceAll(/\s+/g, ','));
}
