/**
 * What is Tidings' own to set, what would change how a request is framed or routed (RFC 9110, 7.6.1: hop-by-hop), and what
 * tells where it came from: receivers and the proxies before them believe the latter. And `__proto__`, which is a valid
 * name that objects on the way do not keep.
 */
const RESERVED =
  /^(webhook-.*|content-.*|host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|proxy-.*|accept-encoding|user-agent|forwarded|x-forwarded-.*|x-real-ip|via|__proto__)$/i;

/** Whether a custom header may not have this name, in upper or lower case. */
export function isReservedHeader(name: string): boolean {
  return RESERVED.test(name);
}

/**
 * The custom headers as they may go out: names in lower case, so that no second spelling stands beside one of ours, and
 * reserved ones left out. That they are not registered is the first gate; a rule may be younger than a registration.
 */
export function customHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !isReservedHeader(name))
      .map(([name, value]) => [name.toLowerCase(), value]),
  );
}
