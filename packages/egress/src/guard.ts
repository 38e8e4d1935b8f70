import { lookup as dnsLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isForbidden, type AddressRules } from './address.js';

/** Looks up all addresses of a host name, like `dns.lookup` with `all: true`. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** A host resolves to an address that requests may not go to. `code` is `EBLOCKED`. */
class BlockedAddressError extends Error {
  readonly code = 'EBLOCKED';

  constructor(host: string, address: string) {
    super(
      host === address
        ? `The address ${address} is not public.`
        : `The host ${host} resolves to the address ${address}, which is not public.`,
    );
    this.name = 'BlockedAddressError';
  }
}

/** Checks the addresses of hosts before a socket connects. */
export interface Guard {
  /**
   * Returns an error with the code `EBLOCKED` when the host is a forbidden address, otherwise null. Needed because sockets do not
   * look up literal addresses.
   */
  checkLiteral: (host: string) => Error | null;
  /** For the `lookup` option of a socket, which then connects to the address that was checked (I6). */
  lookup: LookupFunction;
  /** Resolves to one address of the host, after the same check. Rejects with `EBLOCKED`, or with the error of DNS. */
  resolve: (host: string) => Promise<string>;
}

/**
 * Creates the guard, which checks addresses when a socket connects; the rules of URLs were checked at registration. One
 * forbidden address refuses the whole DNS answer: a mixed answer is an attack.
 *
 * @param resolve for tests; default `dns.lookup`
 */
export function createGuard({ resolve = dnsLookup, ...rules }: AddressRules & { resolve?: Resolve }): Guard {
  const checkLiteral: Guard['checkLiteral'] = (host) =>
    isIP(host) !== 0 && isForbidden(host, rules) ? new BlockedAddressError(host, host) : null;

  const lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const forbidden = error ? undefined : addresses.find(({ address }) => isForbidden(address, rules));
      const [first] = error ? [] : addresses;
      if (error ?? forbidden ?? !first) {
        const reason = error ?? (forbidden ? new BlockedAddressError(hostname, forbidden.address) : noAddress(hostname));
        callback(reason, options.all ? [] : '');
      } else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

  return {
    checkLiteral,
    lookup,
    resolve: (host) =>
      new Promise((settle, reject) => {
        const blocked = checkLiteral(host);
        if (blocked) reject(blocked);
        else if (isIP(host) !== 0) settle(host);
        else {
          lookup(host, {}, (error, address) => {
            if (error) reject(error);
            else settle(address as string);
          });
        }
      }),
  };
}

function noAddress(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`The host ${hostname} has no address.`), { code: 'ENOTFOUND' });
}
