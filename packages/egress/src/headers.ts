/**
 * Header names that owners may not set: headers that Tidings sets; headers that change how a request is framed or routed
 * (RFC 9110, 7.6.1: hop-by-hop); headers that say where a request came from, which method and path it has, or whose certificate
 * it showed, which receivers and their proxies believe; those of other webhook services; and all names with `_`: CGI and WSGI take
 * `x_real_ip` for `x-real-ip` (RFC 3875, 4.1.18).
 */
const RESERVED = new RegExp(
  `^(${[
    ...['webhook-.*', 'content-.*', 'accept-encoding', 'user-agent', 'svix-.*'],
    ...['host', 'connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'expect', 'proxy-.*'],
    ...[
      'forwarded',
      'x-forwarded-.*',
      'x-real-ip',
      'via',
      'true-client-ip',
      'fastly-client-ip',
      'x-client-ip',
      'x-cluster-client-ip',
    ],
    ...['cf-connecting-.*', 'x-envoy-.*', 'x-original-.*', 'x-rewrite-url', 'x-http-method.*', 'x-method-override'],
    ...['x-ssl-client-.*', 'ssl-client-.*', 'x-client-cert.*'],
  ].join('|')})$`,
  'i',
);

/** Returns whether a custom header may not have this name, in upper or lower case. */
export function isReservedHeader(name: string): boolean {
  return name.includes('_') || RESERVED.test(name);
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
