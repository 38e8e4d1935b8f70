import { isIP } from 'node:net';
import { networkOf } from './address.js';

/**
 * Returns the host that a URL aims at, as requests to it are counted: one text for every port, path, scheme and spelling. A name
 * has no dot at its end; an IPv4 address is the same inside an IPv6 address; an IPv6 address is its /64, which one machine may own.
 *
 * @param url a valid URL, which is in lower case and in ASCII after parsing
 */
export function destinationOf(url: string): string {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? host.replace(/\.$/, '') : networkOf(host);
}
