import { isIP } from 'node:net';
import { isForbidden, type Network } from './address.js';

export interface UrlRules {
  /** Refuse `http:`. */
  requireHttps: boolean;
  /** Networks that the operator opened; when there are any, internal names are allowed too. */
  allowed: readonly Network[];
}

const MAX_LENGTH = 2048;
const INTERNAL_NAME = /^localhost$|\.(localhost|local|internal|svc|lan|home|corp)$/;
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/**
 * Whether a webhook may be registered for this URL, as what is wrong with it, or null. This is the first of two gates:
 * it tells an honest user early. The guard at connect time is the one that decides (I6).
 */
export function checkUrl(text: string, { requireHttps, allowed }: UrlRules): string | null {
  if (text.length > MAX_LENGTH) return `must be at most ${String(MAX_LENGTH)} characters long`;
  // eslint-disable-next-line no-control-regex -- control characters are what this refuses
  if (/[\u0000-\u0020\u007f]/.test(text)) return 'must not hold spaces or control characters';
  if (!URL.canParse(text)) return 'must be a URL';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https:// or http://';
  if (requireHttps && url.protocol !== 'https:') return 'must begin with https://';
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password: use a header';
  // The scheme's own port is an empty text here.
  if (!['', '80', '443'].includes(url.port) && Number(url.port) < 1024) return 'must use port 80, 443 or one above 1023';
  return checkHost(url.hostname, allowed);
}

function checkHost(hostname: string, allowed: readonly Network[]): string | null {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) return isForbidden(host, allowed) ? `must not point to the address ${host}, which is not public` : null;
  const name = host.replace(/\.$/, '');
  const labels = name.split('.');
  if (name.length > 253 || !labels.every((label) => LABEL.test(label))) return 'must have a valid host name';
  if (allowed.length === 0 && (labels.length < 2 || INTERNAL_NAME.test(name))) {
    return `must not point to the internal name ${name}`;
  }
  return null;
}
