import { once } from 'node:events';
import { isIPv6, type AddressInfo, type Server } from 'node:net';

/** Where a server listens. */
export interface ListenAddress {
  /** An address of this machine, or a host name. `::`: all addresses of both families, or of IPv4 where there is no IPv6. */
  host: string;
  /** 0: any free port. */
  port: number;
  /** The settings that say so, for the message of an error. */
  settings: { host: string; port: string };
}

/** A server cannot listen, because of its address or port. The message is one sentence with the remedy. */
export class ListenError extends Error {
  override name = 'ListenError';
}

const ALL = '::';
const ALL_IPV4 = '0.0.0.0';
/** Errors of a machine without IPv6: of a kernel that lacks it, and of one in which it is turned off. */
const WITHOUT_IPV6 = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL']);

/**
 * Lets a server listen. Resolves with its port. Rejects with a {@link ListenError} when the port is taken or not allowed, or
 * when the host is no address of this machine.
 */
export async function startListening(server: Server, address: ListenAddress): Promise<number> {
  const { host, port } = address;
  const hosts = host === ALL ? [ALL, ALL_IPV4] : [host];
  for (const [index, candidate] of hosts.entries()) {
    server.listen(port, candidate);
    try {
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    } catch (error) {
      const isLast = index === hosts.length - 1;
      if (isLast || !WITHOUT_IPV6.has(codeOf(error))) throw describe(error as Error, address);
    }
  }
  throw new Error('There is no host to listen on.');
}

/** The URL by which this machine reaches a server that listens on the host. */
export function urlOf(host: string, port: number): string {
  const name = host === ALL || host === ALL_IPV4 ? 'localhost' : isIPv6(host) ? `[${host}]` : host;
  return `http://${name}:${String(port)}`;
}

function describe(error: Error, { host, port, settings }: ListenAddress): Error {
  const sentence = {
    EADDRINUSE: `Port ${String(port)} (${settings.port}) is taken: stop the program that listens there, or set ${settings.port} to another port.`,
    EACCES: `This process may not listen on port ${String(port)} (${settings.port}): ports below 1024 need a privilege. Set ${settings.port} to a port from 1024 on.`,
    EADDRNOTAVAIL: `"${host}" (${settings.host}) is no address of this machine: set ${settings.host} to one of its addresses, or to :: for all of them.`,
    EAFNOSUPPORT: `"${host}" (${settings.host}) is an IPv6 address, and this machine has no IPv6: set ${settings.host} to an IPv4 address.`,
  }[codeOf(error)];
  const unknownHost = `"${host}" (${settings.host}) is not known as a host name (${codeOf(error)}): set ${settings.host} to an address of this machine.`;
  const isUnknownHost = (error as NodeJS.ErrnoException).syscall === 'getaddrinfo';
  const message = isUnknownHost ? unknownHost : sentence;
  return message === undefined ? error : new ListenError(message, { cause: error });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
