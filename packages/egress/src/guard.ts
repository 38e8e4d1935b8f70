import { lookup as dnsLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isForbidden, type AddressRules } from './address.js';

/** Looks up every address of a host name. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** A host led to an address that no request may go to. `code` is `EBLOCKED`. */
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
  /** The error with the code `EBLOCKED` when the host is an address that is forbidden, otherwise null: sockets look up no literals. */
  judgeLiteral: (host: string) => Error | null;
  /** For a socket's `lookup`: the address that was checked is the one that is dialled (I6). */
  lookup: LookupFunction;
  /** One address of the host, checked like the others. Rejects with `EBLOCKED`, or with what DNS said. */
  resolve: (host: string) => Promise<string>;
}

/**
 * The second gate, at connect time. Any forbidden address refuses the whole answer: a mixed answer is an attack.
 *
 * @param resolve `dns.lookup`, unless a test brings its own
 */
export function createGuard({ resolve = dnsLookup, ...rules }: AddressRules & { resolve?: Resolve }): Guard {
  const judgeLiteral: Guard['judgeLiteral'] = (host) =>
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
    judgeLiteral,
    lookup,
    resolve: (host) =>
      new Promise((settle, reject) => {
        const blocked = judgeLiteral(host);
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
