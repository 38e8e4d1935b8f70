import { isIP } from 'node:net';
import { networkOf } from '@tidings/egress';

/** Some proxies write the port into X-Forwarded-For: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const WITH_PORT = /^(?:\[(?<six>[^\]]+)\](?::\d+)?|(?<four>[\d.]+):\d+)$/;

/**
 * Returns the network that counts as one client for the limits: the IPv4 address, or the /64 of the IPv6 address. A /64 is the
 * smallest network that one subscriber gets (RFC 6177), so that a subscriber cannot use many limits. An IPv4-mapped IPv6 address
 * counts as the IPv4 address.
 *
 * @param ip the address of the socket or of X-Forwarded-For
 * @returns `unknown`, one client for all such requests, if `ip` is no address: a proxy may pass on any text
 */
export function clientNetwork(ip: string | undefined): string {
  const { six, four } = WITH_PORT.exec(ip ?? '')?.groups ?? {};
  const text = six ?? four ?? ip ?? '';
  if (isIP(text) === 0) return 'unknown';
  return networkOf(text);
}
