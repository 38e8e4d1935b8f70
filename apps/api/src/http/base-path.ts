import type { IncomingMessage, RequestListener } from 'node:http';

const PATH = /^(\/[A-Za-z0-9._~-]+)+$/;
/** First segments of the API's own paths: below such a base path, a request could mean either of two routes. */
const OWN_SEGMENTS = [
  ...['admin', 'api', 'asyncapi.json', 'docs', 'healthz', 'mcp', 'metrics', 'openapi.json', 'readyz', '.well-known'],
  ...['assets', 'icon.svg', 'deliveries', 'event-types', 'operator', 'stream', 'webhooks'],
];

/**
 * Parses `BASE_PATH`: a path such as `/tidings`, with or without a slash at its end; `/`: none. Returns the path without that slash,
 * or an empty text. Throws an error that says what is wrong.
 */
export function parseBasePath(text: string): string {
  const path = text.trim().replace(/\/$/, '');
  if (path === '') return '';
  if (!PATH.test(path) || path.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw new Error('write it as /tidings: segments of letters, digits, ".", "_", "~" and "-", each after a slash');
  }
  const [, first = ''] = path.split('/');
  if (OWN_SEGMENTS.includes(first)) throw new Error(`its first segment must not be "${first}", which is a path of the API`);
  return path;
}

/**
 * Serves every path below the base path as well as without it: some proxies strip the base path from the requests that they pass
 * on, others don't, and probes know nothing of it.
 *
 * @param basePath as `parseBasePath` returns it
 */
export function withoutBasePath(basePath: string, listener: RequestListener): RequestListener {
  if (basePath === '') return listener;
  return (request: IncomingMessage, response) => {
    const { url = '' } = request;
    const rest = url.startsWith(basePath) ? url.slice(basePath.length) : undefined;
    if (rest !== undefined && /^([/?]|$)/.test(rest)) request.url = rest.startsWith('/') ? rest : `/${rest}`;
    listener(request, response);
  };
}
