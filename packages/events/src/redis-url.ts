import { unencodedCredentials } from './url-credentials.js';

/** Where a `REDIS_URL` leads. */
export type RedisAddress =
  | { kind: 'server'; url: string }
  | { kind: 'cluster'; nodes: RedisHost[]; login: RedisLogin; tls: boolean }
  | {
      kind: 'sentinel';
      sentinels: RedisHost[];
      /** The name by which the Sentinels know the master. */
      name: string;
      database: number;
      login: RedisLogin;
      /** The user and the password of the Sentinels themselves. */
      sentinelLogin: RedisLogin;
      tls: boolean;
      sentinelTls: boolean;
    };

/** A host and a port. */
export interface RedisHost {
  host: string;
  port: number;
}

/** A user and a password, as far as the URL has them. */
export interface RedisLogin {
  username?: string;
  password?: string;
}

const FORMS = [
  'redis://host:6379, or rediss: for TLS',
  'nodes of one Redis Cluster, separated by commas: redis://a:6379,redis://b:6379',
  'Sentinels: redis+sentinel://host1:26379,host2:26379/mymaster',
].join('; or ');
const SCHEME = /^redis(s?)(\+sentinel)?:\/\//i;
/** A comma that a further URL follows. A comma in a password is not one. */
const BETWEEN_NODES = /,(?=\s*[a-z][a-z0-9+.-]*:\/\/)/i;
const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;
const DATABASE = /^\d{1,6}$/;
const SENTINEL_OPTIONS = ['sentinelUsername', 'sentinelPassword', 'sentinelTls'];

/**
 * Parses a `REDIS_URL`: one server; some nodes of a Redis Cluster, separated by commas, which knows the other nodes; or some
 * Sentinels and the name of their master. Throws when it is none of them. The error does not repeat the text, since it may have
 * a password.
 */
export function parseRedisUrl(text: string): RedisAddress {
  const parts = text
    .trim()
    .split(BETWEEN_NODES)
    .map((part) => part.trim());
  for (const part of parts) {
    const [, , isSentinel] = SCHEME.exec(part) ?? fail(`it must be ${FORMS}`);
    const mistake = unencodedCredentials(part);
    if (mistake !== undefined) fail(mistake);
    if (isSentinel && parts.length > 1) fail('Sentinels follow each other after one redis+sentinel://, separated by commas');
  }
  const first = parts[0] as string;
  if (/^[a-z]+\+/i.test(first)) return parseSentinels(first);
  const urls = parts.map(parseNode);
  return urls.length === 1 ? { kind: 'server', url: first } : clusterOf(urls);
}

function fail(reason: string): never {
  throw new Error(reason);
}

function parseNode(text: string): URL {
  // `redis://user:12,3@host` has no other sign of a comma that had to be encoded.
  if (!URL.canParse(text)) fail(`it must be ${FORMS}. Write "/", "?", "#", "@", "%" and "," in a password percent-encoded`);
  const url = new URL(text);
  if (url.hostname.includes(',') || url.hash !== '') fail(`it must be ${FORMS}`);
  if (url.pathname !== '' && url.pathname !== '/') database(url.pathname.slice(1));
  return url;
}

function database(text: string): number {
  if (!DATABASE.test(text)) {
    fail(
      'what follows the host must be the number of a database, as in redis://host:6379/0; a "/" in a password must be percent-encoded as %2F',
    );
  }
  return Number(text);
}

function clusterOf(nodes: readonly URL[]): RedisAddress {
  if (nodes.some(({ pathname, search }) => !['', '/', '/0'].includes(pathname) || search !== '')) {
    fail('a Redis Cluster has only one database, 0, and its URLs take no options');
  }
  if (new Set(nodes.map(({ protocol, username, password }) => [protocol, username, password].join(' '))).size > 1) {
    fail('the nodes of a Redis Cluster must have the same protocol, user and password');
  }
  const [first] = nodes as [URL];
  const tls = first.protocol === 'rediss:';
  return { kind: 'cluster', nodes: nodes.map((node) => hostOf(node, REDIS_PORT)), login: loginOf(first), tls };
}

function parseSentinels(text: string): RedisAddress {
  const [scheme, secure] = SCHEME.exec(text) as unknown as [string, string];
  const rest = text.slice(scheme.length);
  const userinfo = rest.slice(0, rest.lastIndexOf('@') + 1);
  const [, hosts, path, search] = /^([^/?#]+)\/([^?#]*)(\?[^#]*)?$/.exec(rest.slice(userinfo.length)) ?? [];
  const [name, number, ...more] = path?.split('/') ?? [];
  if (hosts === undefined || !name || more.length > 0 || name.includes('%')) {
    return fail('Sentinels need the name of their master behind the hosts: redis+sentinel://host1:26379,host2:26379/mymaster/0');
  }
  const sentinels = hosts.split(',').map((host) => {
    const url = `redis://${host.trim()}`;
    if (host.trim() === '' || !URL.canParse(url)) return fail(`it must be ${FORMS}`);
    return hostOf(new URL(url), SENTINEL_PORT);
  });
  const options = new URLSearchParams(search);
  for (const option of options.keys()) {
    if (!SENTINEL_OPTIONS.includes(option)) fail(`the options of a redis+sentinel URL are ${SENTINEL_OPTIONS.join(', ')}`);
  }
  const tls = secure !== '';
  const sentinelTls = options.get('sentinelTls') ?? String(tls);
  if (sentinelTls !== 'true' && sentinelTls !== 'false') fail('sentinelTls must be true or false');
  return {
    kind: 'sentinel',
    sentinels,
    name,
    database: number === undefined || number === '' ? 0 : database(number),
    login: loginOf(new URL(`redis://${userinfo}host`)),
    sentinelLogin: login(options.get('sentinelUsername') ?? '', options.get('sentinelPassword') ?? ''),
    tls,
    sentinelTls: sentinelTls === 'true',
  };
}

function hostOf({ hostname, port }: URL, defaultPort: number): RedisHost {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || defaultPort) };
}

function loginOf({ username, password }: URL): RedisLogin {
  return login(decodeURIComponent(username), decodeURIComponent(password));
}

function login(username: string, password: string): RedisLogin {
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) };
}
