import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Some proxies write the port into X-Forwarded-For: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const WITH_PORT = /^(?:\[(?<six>[^\]]+)\](?::\d+)?|(?<four>[\d.]+):\d+)$/;

/**
 * What counts as one client: its IPv4 address, or the /64 of its IPv6 address, which is the least that one subscriber
 * gets (RFC 6177), so that nobody has more than one count. An IPv4 address inside IPv6 is the IPv4 address.
 *
 * @param ip as the socket or X-Forwarded-For has it
 * @returns `unknown`, one count for all, when it is no address: a proxy may pass on anything
 */
export function clientNetwork(ip: string | undefined): string {
  const { six, four } = WITH_PORT.exec(ip ?? '')?.groups ?? {};
  const text = six ?? four ?? ip ?? '';
  if (isIP(text) === 0) return 'unknown';
  const address = ipaddr.process(text);
  if (address instanceof ipaddr.IPv4) return address.toString();
  const prefix = address.parts.slice(0, 4).map((part) => part.toString(16));
  return `${prefix.join(':')}::/64`;
}
