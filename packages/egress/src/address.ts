import ipaddr from 'ipaddr.js';

/** A network that the operator allowed: an address and the length of its prefix. */
export type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** A cloud's own wire server: publicly routed on paper, internal in fact. */
const ALWAYS_FORBIDDEN = new Set(['168.63.129.16']);
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/**
 * Whether a request may not go to this address: everything that IANA's special-purpose registries do not call
 * globally reachable, what carries such an IPv4 address inside IPv6, and text that is no address at all.
 * For IPv6, 2000::/3 is required as well, since ipaddr.js calls `::127.0.0.1` and `4000::1` unicast.
 *
 * @param address as DNS or a URL gave it, without brackets
 * @param allowed networks that the operator opened
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
export function isForbidden(address: string, allowed: readonly Network[] = []): boolean {
  if (!ipaddr.isValid(address)) return true;
  const ip = unwrap(ipaddr.parse(address));
  if (allowed.some(([network, bits]) => network.kind() === ip.kind() && ip.match(network, bits))) return false;
  if (ip.kind() === 'ipv6' && !ip.match(GLOBAL_UNICAST)) return true;
  return ip.range() !== 'unicast' || ALWAYS_FORBIDDEN.has(ip.toString());
}

/** The IPv4 address that an IPv4-mapped or NAT64 address stands for. */
function unwrap(ip: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (!(ip instanceof ipaddr.IPv6)) return ip;
  if (ip.isIPv4MappedAddress()) return ip.toIPv4Address();
  if (ip.match(NAT64)) return new ipaddr.IPv4(ip.toByteArray().slice(12));
  return ip;
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
