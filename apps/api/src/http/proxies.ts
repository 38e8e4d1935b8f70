import type { RequestHandler } from 'express';
import { formatNetwork, parseNetworks } from '@tidings/egress';
import type { Logger } from '@tidings/runtime/logging';

/** Whose X-Forwarded-For is believed: nobody's, that of so many proxies in a row, or that of proxies in these networks. */
export type TrustedProxies = false | number | string[];

const MAX_HOPS = 10;

/**
 * Reads `TRUST_PROXY`: a number of proxies, or networks with commas between; empty, or 0: none. Throws an error that says
 * what is wrong. "true" is refused: with it any client could name any address as its own.
 */
export function parseTrustedProxies(text: string): TrustedProxies {
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) {
    if (Number(trimmed) > MAX_HOPS) throw new Error(`at most ${String(MAX_HOPS)} proxies in a row`);
    return Number(trimmed) === 0 ? false : Number(trimmed);
  }
  if (/^(true|yes|all|\*)$/i.test(trimmed)) {
    throw new Error('say how many proxies there are in a row, such as 1, or their networks, such as 10.0.0.0/8');
  }
  const networks = parseNetworks(trimmed).map(formatNetwork);
  return networks.length === 0 ? false : networks;
}

/** Says once that requests come through a proxy which is not trusted: all its clients then share the limits of one address. */
export function noticeProxy(log: Pick<Logger, 'warn'>): RequestHandler {
  let told = false;
  return (request, _response, next) => {
    if (!told && request.headers['x-forwarded-for'] !== undefined) {
      told = true;
      log.warn('A request brought X-Forwarded-For, which is not believed: set TRUST_PROXY if there is a proxy.');
    }
    next();
  };
}
