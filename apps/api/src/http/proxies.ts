import type { Express, RequestHandler } from 'express';
import { formatNetwork, parseNetworks } from '@tidings/egress';
import type { Logger } from '@tidings/runtime/logging';

/** The proxies whose X-Forwarded-For is used: none, the last `number` hops before this server, or addresses in these networks. */
export type TrustedProxies = false | number | string[];

const MAX_HOPS = 10;

/**
 * Parses `TRUST_PROXY`: a number of proxies in a row, or networks, separated by commas; empty or 0: no proxy. Throws an
 * error that says what is wrong. Refuses "true": with it, any client could choose its own address.
 */
export function parseTrustedProxies(text: string): TrustedProxies {
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) {
    if (Number(trimmed) > MAX_HOPS) throw new Error(`at most ${String(MAX_HOPS)} proxies in a row are possible`);
    return Number(trimmed) === 0 ? false : Number(trimmed);
  }
  if (/^(true|yes|all|\*)$/i.test(trimmed)) {
    throw new Error('set the number of proxies in a row, such as 1, or their networks, such as 10.0.0.0/8');
  }
  const networks = parseNetworks(trimmed).map(formatNetwork);
  return networks.length === 0 ? false : networks;
}

/**
 * Returns whether an address that connects to this server is that of a trusted proxy, as the app's `trust proxy` decides it for the
 * header X-Forwarded-For. With a number of proxies, every address is.
 */
export function trustedAddresses(app: Express): (address: string) => boolean {
  const isTrusted = app.get('trust proxy fn') as (address: string, hop: number) => boolean;
  return (address) => isTrusted(address, 0);
}

/** Warns once about a proxy that is not trusted: all its clients share the rate limits of one address. */
export function warnAboutUntrustedProxy(log: Pick<Logger, 'warn'>): RequestHandler {
  let hasWarned = false;
  return (request, _response, next) => {
    if (!hasWarned && request.headers['x-forwarded-for'] !== undefined) {
      hasWarned = true;
      log.warn('A request brought X-Forwarded-For, which is not believed: set TRUST_PROXY if there is a proxy.');
    }
    next();
  };
}
