import { isIP } from 'node:net';
import { isAllowed, isForbidden, type AddressRules } from './address.js';

/** The operator's rules for webhook URLs. */
export interface UrlRules {
  /** Whether `http:` is refused. */
  requireHttps: boolean;
  /** When `allowed` has any network, internal names are allowed too. */
  addresses: AddressRules;
}

/** The ports that a webhook's URL may have, as ranges of the first and the last. Lower ones belong to services of the system. */
export const WEBHOOK_PORTS: readonly (readonly [number, number])[] = [
  [80, 80],
  [443, 443],
  [1024, 65_535],
];

const MAX_LENGTH = 2048;
const INTERNAL_NAME = /^localhost$|\.(localhost|localdomain|local|internal|intranet|private|svc|lan|home|home\.arpa|corp)$/;
/** The part before the path, in which a browser, a library and a person may each see a different host. */
const AUTHORITY = /^https?:\/\/([^/?#]*)/i;
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/**
 * Checks whether a webhook may be registered for this URL. Returns null, or the mistake as the end of a sentence ("must be a
 * URL"). This is the first of two checks: it reports a mistake early. The guard, which checks when a socket connects, decides (I6).
 */
export function checkUrl(text: string, { requireHttps, addresses }: UrlRules): string | null {
  if (text.length > MAX_LENGTH) return `must be at most ${String(MAX_LENGTH)} characters long`;
  // eslint-disable-next-line no-control-regex -- control characters are what this refuses
  if (/[\u0000-\u0020\u007f-\u00a0\u2028\u2029\ufeff\\]/.test(text))
    return 'must not hold spaces, control characters or backslashes';
  const url = parse(text);
  if (url === null) return 'must be a URL';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https:// or http://';
  if (requireHttps && url.protocol !== 'https:') return 'must begin with https://';
  const authority = AUTHORITY.exec(text)?.[1];
  if (authority === undefined) return 'must begin with https:// or http://, in full';
  if (authority.includes('@')) return 'must not hold a user name or password: use a header';
  // For the default port of the scheme `port` is an empty string.
  const port = Number(url.port);
  if (url.port !== '' && !WEBHOOK_PORTS.some(([first, last]) => port >= first && port <= last))
    return 'must use port 80, 443 or one above 1023';
  return checkHost(url.hostname, addresses);
}

/** Parses without `URL.canParse`: once optimised, it rejects every URL with an umlaut on Node 20 (measured with 20.20.2). */
function parse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/**
 * Returns whether only the operator's network can have the host of a URL: an address in a network that the operator allowed, or a
 * name that public DNS does not have. It looks up nothing: who owns a name could let it resolve inside for a moment.
 *
 * @param url a URL that `checkUrl` accepted
 */
export function isInnerHost(url: string, { allowed }: Pick<AddressRules, 'allowed'>): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) return isAllowed(host, allowed);
  return isInternalName(host.replace(/\.$/, ''));
}

const isInternalName = (name: string): boolean => !name.includes('.') || INTERNAL_NAME.test(name);

function checkHost(hostname: string, addresses: AddressRules): string | null {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) return isForbidden(host, addresses) ? `must not point to the address ${host}, which is not public` : null;
  const name = host.replace(/\.$/, '');
  const labels = name.split('.');
  if (name.length > 253 || !labels.every((label) => LABEL.test(label))) return 'must have a valid host name';
  if (addresses.allowed.length === 0 && isInternalName(name)) {
    return `must not point to the internal name ${name}`;
  }
  return null;
}
