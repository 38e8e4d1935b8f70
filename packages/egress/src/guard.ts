import { lookup as dnsLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { isIP } from 'node:net';
import { isForbidden, type AddressRules } from './address.js';

/** Looks up all addresses of a host name, like `dns.lookup` with `all: true`. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Requests may not go to an address (`code` is `EBLOCKED`), or to one that a name resolves to (`EBLOCKEDNAME`). Callers must not
 * tell the second from a name that does not exist: names inside the network could be found by it.
 */
class BlockedAddressError extends Error {
  readonly code: string;

  constructor(host: string, address: string) {
    super(
      host === address
        ? `The address ${address} is not public.`
        : `The host ${host} resolves to the address ${address}, which is not public.`,
    );
    this.code = host === address ? 'EBLOCKED' : 'EBLOCKEDNAME';
    this.name = 'BlockedAddressError';
  }
}

/** Checks the addresses of hosts before a socket connects. */
export interface Guard {
  /**
   * Resolves to the addresses of the host, in the order of DNS, after all of them were checked: connect to these, and look the
   * host up no more (I6). Of an address it resolves to the address. Rejects with `EBLOCKED`, `EBLOCKEDNAME`, or the error of DNS.
   */
  resolve: (host: string) => Promise<string[]>;
}

/**
 * Creates the guard, which checks addresses when a socket connects; the rules of URLs were checked at registration. One
 * forbidden address refuses the whole DNS answer: a mixed answer is an attack.
 *
 * Names are looked up as they are, without the search domains of the machine: in a Kubernetes cluster `db.prod` would find a
 * service. With `allowed`, internal receivers may have such names, or be in the machine's hosts file, which has no absolute ones.
 *
 * @param resolve for tests; default `dns.lookup`
 */
export function createGuard({ resolve: lookUp = dnsLookup, ...rules }: AddressRules & { resolve?: Resolve }): Guard {
  const isPublicOnly = rules.allowed.length === 0;
  const check = (host: string, addresses: readonly string[]): void => {
    const forbidden = addresses.find((address) => isForbidden(address, rules));
    if (forbidden !== undefined) throw new BlockedAddressError(host, forbidden);
  };

  return {
    async resolve(host) {
      const addresses = isIP(host) === 0 ? await lookUpAll(lookUp, isPublicOnly ? absolute(host) : host) : [host];
      check(host, addresses);
      return addresses;
    },
  };
}

const absolute = (host: string): string => (host.endsWith('.') ? host : `${host}.`);

function lookUpAll(lookUp: Resolve, host: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    lookUp(host, { all: true }, (error, found) => {
      if (error) reject(error);
      else if (found.length === 0) reject(noAddress(host));
      else resolve(found.map(({ address }) => address));
    });
  });
}

function noAddress(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`The host ${hostname} has no address.`), { code: 'ENOTFOUND' });
}
