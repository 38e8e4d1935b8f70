import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A network: an address and the length of its prefix. */
export type Network = [Address, number];

/** What the operator says of addresses, beyond what everybody knows of them. */
export interface AddressRules {
  /** Networks that requests may reach although they are not public. */
  allowed: readonly Network[];
  /** Networks that they may not reach although they are, such as a load balancer's: stronger than `allowed`. */
  denied?: readonly Network[];
  /** The addresses of this machine, public ones too; `allowed` opens them. */
  own?: readonly Network[];
}

/**
 * What is not globally reachable, or not a host. Of IANA's special-purpose registries everything, with one exception:
 * blocks that are called reachable but serve the network itself (AS112, AMT, anycast) are no place for a webhook either.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 */
const NOT_PUBLIC_V4 = networks(`
  0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24
  192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24
  224.0.0.0/4 240.0.0.0/4
  168.63.129.16/32`); // Publicly routed on paper, a cloud's own wire server in fact.

/**
 * The same within 2000::/3, all of IPv6 that is given out; outside of it nothing is public, whatever ipaddr.js says
 * (it calls `::127.0.0.1` and `4000::1` unicast). 2001::/23 holds Teredo, ORCHID and benchmarking; 2002::/16 is 6to4.
 *
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const NOT_PUBLIC_V6 = networks('2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20');
const GLOBAL_UNICAST: Network = ipaddr.IPv6.parseCIDR('2000::/3');

/** RFC 6052: where a network has DNS64, every IPv4 host has such an address. */
const NAT64: Network = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** RFC 5214: the last 64 bits of an ISATAP address, before the IPv4 address that it leads to. The first one may have a bit set. */
const ISATAP = [
  [0x00, 0x00, 0x5e, 0xfe],
  [0x02, 0x00, 0x5e, 0xfe],
];

/**
 * Whether a request may not go to this address: not public, denied, one of this machine's own, or text that is no address
 * at all. An IPv4 address inside an IPv6 one is judged as what it is.
 *
 * @param address as DNS or a URL gave it, without brackets
 */
export function isForbidden(address: string, { allowed, denied = [], own = [] }: AddressRules): boolean {
  // A zone, as in fe80::1%eth0, means a link of this machine.
  if (!ipaddr.isValid(address) || address.includes('%')) return true;
  const ip = unwrap(ipaddr.parse(address));
  if (isIn(ip, denied)) return true;
  if (isIn(ip, allowed)) return false;
  return isIn(ip, own) || !isPublic(ip);
}

function isPublic(ip: Address): boolean {
  if (!(ip instanceof ipaddr.IPv6)) return !isIn(ip, NOT_PUBLIC_V4);
  if (!isIn(ip, [GLOBAL_UNICAST]) || isIn(ip, NOT_PUBLIC_V6)) return false;
  const inner = isatap(ip);
  return inner === null || isPublic(inner);
}

/** The IPv4 address that an IPv4-mapped or NAT64 address stands for. */
function unwrap(ip: Address): Address {
  if (!(ip instanceof ipaddr.IPv6)) return ip;
  if (ip.isIPv4MappedAddress()) return ip.toIPv4Address();
  return isIn(ip, [NAT64]) ? new ipaddr.IPv4(ip.toByteArray().slice(12)) : ip;
}

function isatap(ip: ipaddr.IPv6): ipaddr.IPv4 | null {
  const bytes = ip.toByteArray();
  const marked = ISATAP.some((mark) => mark.every((byte, index) => bytes[8 + index] === byte));
  return marked ? new ipaddr.IPv4(bytes.slice(12)) : null;
}

function isIn(ip: Address, list: readonly Network[]): boolean {
  return list.some(([network, bits]) => network.kind() === ip.kind() && ip.match(network, bits));
}

/** Reads `EGRESS_ALLOW_CIDRS`: networks with commas between. Throws an error that names the entry that is none. */
export function parseNetworks(text: string): Network[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      if (!ipaddr.isValidCIDR(entry)) throw new Error(`"${entry}" is not a network such as 10.0.0.0/8 or fd00::/8`);
      return ipaddr.parseCIDR(entry);
    });
}

/** A network as it is written: `10.0.0.0/8`. */
export function formatNetwork([address, bits]: Network): string {
  return `${address.toString()}/${String(bits)}`;
}

/** Addresses as networks of one. What carries an IPv4 address becomes that; what is none is left out. */
export function hostNetworks(addresses: readonly string[]): Network[] {
  return addresses
    .map((address) => address.replace(/%.*$/, ''))
    .filter((address) => ipaddr.isValid(address))
    .map((address) => unwrap(ipaddr.parse(address)))
    .map((ip) => [ip, ip.kind() === 'ipv4' ? 32 : 128]);
}

function networks(text: string): Network[] {
  return parseNetworks(text.trim().replaceAll(/\s+/g, ','));
}
