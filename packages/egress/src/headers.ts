/**
 * Header names that owners may not set: headers that Tidings sets; headers that change how a request is framed or routed
 * (RFC 9110, 7.6.1: hop-by-hop); headers that say where a request came from, which receivers and their proxies believe; and
 * `__proto__`, a valid header name that JavaScript objects do not keep.
 */
const RESERVED =
  /^(webhook-.*|content-.*|host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|proxy-.*|accept-encoding|user-agent|forwarded|x-forwarded-.*|x-real-ip|via|__proto__)$/i;

/** Returns whether a custom header may not have this name, in upper or lower case. */
export function isReservedHeader(name: string): boolean {
  return RESERVED.test(name);
}

/**
 * Returns the custom headers for a request: names in lower case, so that none of them duplicates a header of Tidings in
 * another spelling, and without reserved names. Registration already refuses reserved names, but a webhook may have been
 * registered before a name was reserved.
 */
export function customHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !isReservedHeader(name))
      .map(([name, value]) => [name.toLowerCase(), value]),
  );
}
