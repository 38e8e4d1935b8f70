/** The parts of a PostgreSQL URL that decide where and how a connection is opened. */
export interface DatabaseAddress {
  user?: string;
  password?: string;
  /** A name, an address, or the folder of a Unix socket. */
  host?: string;
  port?: number;
  database?: string;
  /** The schema of all tables and functions; undefined: the one that the role's search path leads to. */
  schema?: string;
  tls: TlsParameters;
  /** Whether the URL says that a transaction pooler is in between (`pgbouncer=true`). */
  hasPooler: boolean;
  /** Replaces `tidings` in `application_name`. */
  applicationName?: string;
  /** Words of `options` that name no setting of Tidings, such as `-c log_min_duration_statement=50` or Neon's `endpoint=`. */
  options: string[];
}

/** The modes of libpq, except `allow`. */
export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** How a connection is encrypted, with libpq's meanings. */
export interface TlsParameters {
  mode: TlsMode;
  /** Path of the authorities' certificates (PEM). Undefined, or `system`: those that Node trusts. */
  rootCertificate?: string;
  /** Paths of the client's certificate and key (PEM), and the key's passphrase. */
  certificate?: string;
  key?: string;
  passphrase?: string;
  /** Whether TLS begins without asking first (`sslnegotiation=direct`, PostgreSQL 17). */
  isDirect: boolean;
  /** Whether the password's exchange is bound to the TLS connection. */
  channelBinding: 'disable' | 'prefer' | 'require';
}

const EXAMPLE = 'postgresql://user:password@host:5432/database';
const TLS_MODES: readonly string[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] satisfies TlsMode[];

/** Parameters of other programs, and what to do instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  connection_limit: 'set DATABASE_POOL instead',
  pool_timeout: 'Tidings has its own time limits',
  connect_timeout: 'Tidings has its own time limits',
  socket_timeout: 'Tidings has its own time limits',
  statement_cache_size: 'behind a transaction pooler set DATABASE_POOLER=transaction',
  search_path: 'write schema= instead',
  dbname: 'write the database as the path of the URL',
  target_session_attrs: 'name one host, that of the primary',
};
/** Parameters without an effect on us that other programs need: values that change nothing here. */
const WITHOUT_EFFECT: Readonly<Record<string, readonly string[]>> = {
  gssencmode: ['disable', 'prefer'],
  uselibpqcompat: ['true'],
  sslcompression: ['0'],
};

/**
 * Parses the URL of a PostgreSQL database, with the parameters that `docs/deploying.md` lists. Throws an `Error` that names a
 * wrong or unknown parameter and repeats no value, since the URL has a password.
 *
 * @param pinned names of the settings that Tidings gives each session itself: `options` must not set them
 * @param env supplies `PGSSLMODE` and the paths of `PGSSLROOTCERT`, `PGSSLCERT` and `PGSSLKEY`, as for other PostgreSQL clients
 */
export function parseDatabaseUrl(
  text: string,
  pinned: ReadonlySet<string> = new Set(),
  // eslint-disable-next-line no-restricted-properties -- the variables of libpq are no settings of Tidings
  env: Readonly<Record<string, string | undefined>> = process.env,
): DatabaseAddress {
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) throw new Error(`must be a PostgreSQL URL: ${EXAMPLE}`);
  const url = new URL(text);
  if (url.hostname.includes(',')) throw new Error('names several hosts: name one, that of the primary or of its proxy');
  if (url.hash !== '') throw new Error('has a "#": write it as %23 in a password');
  const parameters = readParameters(url.searchParams);
  const take = (name: string): string | undefined => {
    const value = parameters.get(name);
    parameters.delete(name);
    return value === '' ? undefined : value;
  };
  const { schema: pathSchema, words } = splitOptions(take('options') ?? '', pinned);
  const schema = take('schema') ?? pathSchema;
  if (schema !== undefined && (/^pg_|^information_schema$|"/.test(schema) || Buffer.byteLength(schema) > 63))
    throw new Error('has a schema that Tidings cannot use: name an ordinary one of at most 63 bytes, without quotes');
  const port = take('port') ?? url.port;
  if (!/^\d{0,5}$/.test(port) || Number(port) > 65_535) throw new Error('has a port that is not a number from 1 to 65535');
  const address: DatabaseAddress = {
    ...defined('user', take('user') ?? decoded(url.username)),
    ...defined('password', take('password') ?? decoded(url.password)),
    ...defined('host', take('host') ?? decoded(url.hostname).replace(/^\[(.+)\]$/, '$1')),
    ...(port === '' ? {} : { port: Number(port) }),
    ...defined('database', decoded(url.pathname.slice(1))),
    ...defined('schema', schema ?? ''),
    tls: readTls(take, env),
    hasPooler: readFlag('pgbouncer', take('pgbouncer')),
    ...defined('applicationName', take('application_name') ?? ''),
    options: words,
  };
  for (const [name, value] of parameters) refuse(name, value, pinned);
  return address;
}

function readParameters(parameters: URLSearchParams): Map<string, string> {
  const read = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (read.has(name)) throw new Error(`has the parameter ${name} twice`);
    read.set(name, value);
  }
  return read;
}

/** Decodes a part of a URL. A `%` that encodes nothing stands for itself, as it always did. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function defined<Name extends string>(name: Name, value: string): Partial<Record<Name, string>> {
  return (value === '' ? {} : { [name]: value }) as Partial<Record<Name, string>>;
}

function readFlag(name: string, value: string | undefined): boolean {
  if (value === undefined || value === 'false' || value === '0') return false;
  if (value === 'true' || value === '1') return true;
  throw new Error(`has a parameter ${name} that is neither true nor false`);
}

function refuse(name: string, value: string, pinned: ReadonlySet<string>): void {
  if (WITHOUT_EFFECT[name]?.includes(value)) return;
  if (pinned.has(name.toLowerCase())) throw new Error(`sets ${name}, which Tidings sets itself: remove it`);
  const instead = INSTEAD[name];
  throw new Error(`has a parameter ${name}, which Tidings does not support: ${instead ?? 'remove it'}`);
}

function readTls(take: (name: string) => string | undefined, env: Readonly<Record<string, string | undefined>>): TlsParameters {
  const ssl = take('ssl');
  let mode = take('sslmode');
  if (ssl !== undefined) {
    if (mode !== undefined) throw new Error('has both ssl and sslmode: keep sslmode');
    mode = readFlag('ssl', ssl) ? 'verify-full' : 'disable';
  }
  const isDirect = readNegotiation(take('sslnegotiation'));
  const rootCertificate = take('sslrootcert') ?? (env['PGSSLROOTCERT'] || undefined);
  const certificate = take('sslcert') ?? (env['PGSSLCERT'] || undefined);
  const key = take('sslkey') ?? (env['PGSSLKEY'] || undefined);
  const passphrase = take('sslpassword');
  mode ??= env['PGSSLMODE'] || undefined;
  // A certificate of the authority would be of no use without a check.
  mode ??= rootCertificate !== undefined || isDirect ? 'verify-full' : certificate !== undefined ? 'require' : 'disable';
  if (!TLS_MODES.includes(mode)) {
    const instead = mode === 'no-verify' ? ': write require, which checks no certificate' : ` of ${TLS_MODES.join(', ')}`;
    throw new Error(`has an sslmode that is none${mode === 'no-verify' ? ' of libpq' : ''}${instead}`);
  }
  if (mode === 'verify-ca' && (rootCertificate === undefined || rootCertificate === 'system'))
    throw new Error('has sslmode=verify-ca without the authority: add sslrootcert= with its file, or write sslmode=verify-full');
  if ((certificate === undefined) !== (key === undefined)) throw new Error('needs both sslcert and sslkey, or neither');
  if (isDirect && (mode === 'disable' || mode === 'prefer'))
    throw new Error('has sslnegotiation=direct, which needs sslmode=require or stricter');
  const channelBinding = take('channel_binding') ?? 'disable';
  if (channelBinding !== 'disable' && channelBinding !== 'prefer' && channelBinding !== 'require')
    throw new Error('has a channel_binding that is none of disable, prefer, require');
  if (channelBinding === 'require' && (mode === 'disable' || mode === 'prefer'))
    throw new Error('has channel_binding=require, which needs sslmode=require or stricter');
  return {
    mode: mode as TlsMode,
    ...defined('rootCertificate', rootCertificate ?? ''),
    ...defined('certificate', certificate ?? ''),
    ...defined('key', key ?? ''),
    ...defined('passphrase', passphrase ?? ''),
    isDirect,
    channelBinding,
  };
}

function readNegotiation(value: string | undefined): boolean {
  if (value === undefined || value === 'postgres') return false;
  if (value === 'direct') return true;
  throw new Error('has an sslnegotiation that is neither postgres nor direct');
}

/** Splits `options` into words, as PostgreSQL does, and takes a search path of one schema out of it. */
function splitOptions(text: string, pinned: ReadonlySet<string>): { schema?: string; words: string[] } {
  const given = (text.match(/(?:\\.|[^\s\\])+/gs) ?? []).map((word) => word.replace(/\\(.)/gs, '$1'));
  const words: string[] = [];
  let schema: string | undefined;
  for (let index = 0; index < given.length; index += 1) {
    let word = given[index] ?? '';
    if (word === '-c') {
      index += 1;
      word = `-c${given[index] ?? ''}`;
    }
    const setting = /^(?:-c|--)([^=]+)=(.*)$/s.exec(word);
    if (setting === null) {
      // Proxies of hosted databases read such words: endpoint=, project=, reference=.
      if (!/^[a-z_]+=/.test(word)) throw new Error('has options that are not "-c name=value": remove them');
      words.push(word);
      continue;
    }
    const name = (setting[1] ?? '').toLowerCase().replaceAll('-', '_');
    const value = setting[2] ?? '';
    if (name === 'search_path') {
      const single = /^\s*(?:"((?:[^"]|"")+)"|([A-Za-z_][\w$]*))\s*$/.exec(value);
      if (single === null) throw new Error('sets a search_path in options that is not one schema: write schema= instead');
      schema = single[1]?.replaceAll('""', '"') ?? single[2]?.toLowerCase();
    } else if (pinned.has(name)) {
      throw new Error(`sets ${name} in options, which Tidings sets itself: remove it`);
    } else {
      words.push('-c', `${name}=${value}`);
    }
  }
  return { ...(schema === undefined ? {} : { schema }), words };
}
