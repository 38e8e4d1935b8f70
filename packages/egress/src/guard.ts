import { lookup as dnsLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isForbidden, type Network } from './address.js';

/** Looks up every address of a host name. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** A host led to an address that is not public and that the operator did not allow. `code` is `EBLOCKED`. */
class BlockedAddressError extends Error {
  readonly code = 'EBLOCKED';

  constructor(host: string, address: string) {
    super(
      host === address
        ? `The address ${address} is not public.`
        : `The host ${host} leads to the address ${address}, which is not public.`,
    );
    this.name = 'BlockedAddressError';
  }
}

export interface Guard {
  /** Throws an error with the code `EBLOCKED` when the URL's host is an address that is forbidden: sockets look up no literals. */
  checkLiteral: (url: URL) => void;
  /** For an agent's `lookup`: the address that was checked is the one that is dialled (I6). */
  lookup: LookupFunction;
}

/**
 * The second gate, at connect time. Any forbidden address refuses the whole answer: a mixed answer is an attack.
 *
 * @param resolve `dns.lookup`, unless a test brings its own
 */
export function createGuard({ allowed, resolve = dnsLookup }: { allowed: readonly Network[]; resolve?: Resolve }): Guard {
  return {
    checkLiteral(url) {
      const host = url.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && isForbidden(host, allowed)) throw new BlockedAddressError(host, host);
    },
    lookup(hostname, options, callback) {
      resolve(hostname, { ...options, all: true }, (error, addresses) => {
        const forbidden = error ? undefined : addresses.find(({ address }) => isForbidden(address, allowed));
        const [first] = error ? [] : addresses;
        if (error ?? forbidden ?? !first) {
          const reason = error ?? (forbidden ? new BlockedAddressError(hostname, forbidden.address) : noAddress(hostname));
          callback(reason, options.all ? [] : '');
        } else if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      });
    },
  };
}

function noAddress(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`The host ${hostname} has no address.`), { code: 'ENOTFOUND' });
}
