import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { appendFileSync, chownSync, chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { migrate, openDatabase, type Database } from '@tidings/database';
import { startPostgres, temporaryFolder, type LocalPostgres } from '@tidings/local';
import { createTestAuthority, createTestDatabase, eventually, type TestDatabase } from '@tidings/testing';

const MIGRATE = join(import.meta.dirname, '../packages/database/dist/migrations/main.js');
/** The subject of the certificates of `createTestAuthority`, which is also the user of the client's certificate. */
const USER = 'Test server';
const { folder, remove } = temporaryFolder();
let server: LocalPostgres;
let withoutTls: TestDatabase;
/** Databases of the server: `either` admits all connections, `tls` only encrypted ones, `cert` only those with a client's certificate. */
type Name = 'either' | 'tls' | 'cert' | 'trusting';
const NAMES: Name[] = ['either', 'tls', 'cert', 'trusting'];

const file = (name: string): string => join(folder, name);
/** The URL of a database; `host` is the certificate's name unless the case is about another one. */
function urlOf(name: Name, parameters: Record<string, string>, host = 'localhost'): string {
  const url = new URL(server.url);
  url.hostname = host;
  url.pathname = `/${name}`;
  if (name === 'cert') [url.username, url.password] = [USER, ''];
  for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, value);
  return url.href;
}

beforeAll(async () => {
  withoutTls = await createTestDatabase('empty');
  server = await startPostgres({ folder: join(folder, 'postgres'), settings: { fsync: 'off' } });
  const [authority, other] = [await createTestAuthority(), await createTestAuthority()];
  const [ofServer, ofClient] = [await authority.issue({ names: ['localhost'] }), await authority.issue({ names: ['client'] })];
  const encrypted = createPrivateKey(ofClient.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'of the key',
  });
  const files = {
    'ca.pem': authority.cert,
    'other-ca.pem': other.cert,
    'client.pem': ofClient.cert,
    'client.key': ofClient.key,
    'encrypted.key': encrypted.toString(),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(file(name), content);

  const { pool, close } = openDatabase({ url: server.url });
  const { rows } = await pool.query<{ data: string; hba: string }>(
    "SELECT current_setting('data_directory') AS data, current_setting('hba_file') AS hba",
  );
  const { data, hba } = rows[0] as { data: string; hba: string };
  const { uid, gid } = statSync(data);
  for (const [name, content] of Object.entries({
    'server.crt': ofServer.cert,
    'server.key': ofServer.key,
    'root.crt': authority.cert,
  })) {
    writeFileSync(join(data, name), content, { mode: 0o600 });
    chmodSync(join(data, name), 0o600);
    chownSync(join(data, name), uid, gid);
  }
  const rules = [
    'hostssl tls all all scram-sha-256',
    'host tls all all reject',
    'hostssl cert all all cert',
    'host cert all all reject',
    'host trusting all all trust',
  ];
  writeFileSync(hba, `${rules.join('\n')}\n${readFileSync(hba, 'utf8')}`);
  appendFileSync(join(data, 'postgresql.auto.conf'), "ssl = on\nssl_ca_file = 'root.crt'\n");
  await pool.query(`CREATE ROLE "${USER}" LOGIN SUPERUSER`);
  for (const name of NAMES) await pool.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  await pool.query('SELECT pg_reload_conf()');
  await eventually(async () => {
    expect((await pool.query('SHOW ssl')).rows).toEqual([{ ssl: 'on' }]);
  });
  await close();
});
afterAll(async () => {
  await server.remove();
  await withoutTls.drop();
  remove();
});

const ENCRYPTED = 'SELECT ssl, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
interface Connected {
  ssl: boolean;
  client_dn: string | null;
}
async function connected(url: string, ask: (database: Database) => Promise<Connected[]>): Promise<Connected | undefined> {
  const database = openDatabase({ url });
  try {
    return (await ask(database))[0];
  } finally {
    await database.close();
  }
}
/** What connects: the pools, Prisma's adapter on them, and the migrations, which have a connection and an engine of their own. */
const throughPool = (url: string) => connected(url, async ({ pool }) => (await pool.query<Connected>(ENCRYPTED)).rows);
const throughPrisma = (url: string) => connected(url, ({ prisma }) => prisma.$queryRawUnsafe<Connected[]>(ENCRYPTED));
/** Completes the rows of a table. Jest passes a callback in place of a missing value. */
const withHosts = <Result>(rows: [string, Name, () => Record<string, string>, Result, string?][]) =>
  rows.map(
    ([title, name, parameters, result, host = 'localhost']): [string, Name, () => Record<string, string>, Result, string] => [
      title,
      name,
      parameters,
      result,
      host,
    ],
  );
const CA = (): Record<string, string> => ({ sslrootcert: file('ca.pem') });
const CLIENT = (key = 'client.key'): Record<string, string> => ({ sslcert: file('client.pem'), sslkey: file(key) });

describe('PostgreSQL with TLS and a private authority', () => {
  test.each<[string, Name, () => Record<string, string>, boolean, string]>(
    withHosts([
      ['without sslmode nothing is encrypted', 'either', () => ({}), false],
      ['sslmode=disable encrypts nothing', 'either', () => ({ sslmode: 'disable' }), false],
      ['sslmode=prefer encrypts where the server can', 'tls', () => ({ sslmode: 'prefer' }), true],
      ['sslmode=require encrypts, whoever signed the certificate', 'tls', () => ({ sslmode: 'require' }), true],
      ['sslmode=require with the authority', 'tls', () => ({ sslmode: 'require', ...CA() }), true, '127.0.0.1'],
      ['sslmode=verify-ca accepts another host name', 'tls', () => ({ sslmode: 'verify-ca', ...CA() }), true, '127.0.0.1'],
      ['sslmode=verify-full', 'tls', () => ({ sslmode: 'verify-full', ...CA() }), true],
      ['sslrootcert without sslmode is verify-full', 'tls', CA, true],
      ['ssl=true with the authority', 'tls', () => ({ ssl: 'true', ...CA() }), true],
      ['channel_binding=prefer', 'tls', () => ({ sslmode: 'require', channel_binding: 'prefer' }), true],
      ['channel_binding=require', 'tls', () => ({ sslmode: 'verify-full', ...CA(), channel_binding: 'require' }), true],
      ["a client's certificate", 'cert', () => ({ sslmode: 'verify-full', ...CA(), ...CLIENT() }), true],
      [
        "a client's key with a passphrase",
        'cert',
        () => ({ ...CA(), ...CLIENT('encrypted.key'), sslpassword: 'of the key' }),
        true,
      ],
    ]),
  )('%s, with the pools and with Prisma', async (_, name, parameters, ssl, host) => {
    const url = urlOf(name, parameters(), host);
    const expected = { ssl, client_dn: name === 'cert' ? `/CN=${USER}` : null };
    expect(await throughPool(url)).toEqual(expected);
    expect(await throughPrisma(url)).toEqual(expected);
  });

  test.each<[string, Name, () => Record<string, string>, string, string]>(
    withHosts([
      ['sslmode=disable, of a server that demands TLS', 'tls', () => ({ sslmode: 'disable' }), 'pg_hba.conf'],
      ['another authority', 'tls', () => ({ sslrootcert: file('other-ca.pem') }), 'no TLS connection'],
      [
        'another authority with verify-ca',
        'tls',
        () => ({ sslmode: 'verify-ca', sslrootcert: file('other-ca.pem') }),
        'no TLS connection',
      ],
      [
        'another authority with require',
        'tls',
        () => ({ sslmode: 'require', sslrootcert: file('other-ca.pem') }),
        'no TLS connection',
      ],
      ['a private authority without sslrootcert', 'tls', () => ({ sslmode: 'verify-full' }), 'no TLS connection'],
      ['another host name with verify-full', 'tls', CA, 'no TLS connection', '127.0.0.1'],
      ["no client's certificate where it is demanded", 'cert', CA, 'connection requires a valid client certificate'],
      ['a key without its passphrase', 'cert', () => ({ ...CA(), ...CLIENT('encrypted.key') }), 'DATABASE_URL has sslcert='],
      [
        'a file that is missing',
        'tls',
        () => ({ sslrootcert: '/nowhere/ca.pem' }),
        'DATABASE_URL has sslrootcert=/nowhere/ca.pem',
      ],
      [
        'channel_binding=require, of a server that asks for no password',
        'trusting',
        () => ({ sslmode: 'require', channel_binding: 'require' }),
        'offers no channel binding',
      ],
    ]),
  )('refused in one line, by all that connect: %s', async (_, name, parameters, line, host) => {
    const url = urlOf(name, parameters(), host);
    await expect(throughPool(url)).rejects.toThrow();
    await expect(throughPrisma(url)).rejects.toThrow();
    const message = await migrate(url, { waitMs: 0 }).then(
      () => 'migrated',
      (error: unknown) => (error as Error).message,
    );
    expect(message).toContain(line);
    expect(message).not.toContain('\n');
  });

  test('a server without TLS is used with prefer, and refused with require', async () => {
    const url = new URL(withoutTls.url);
    url.searchParams.set('sslmode', 'prefer');
    expect(await throughPool(url.href)).toMatchObject({ ssl: false });
    expect(await throughPrisma(url.href)).toMatchObject({ ssl: false });
    url.searchParams.set('sslmode', 'require');
    await expect(throughPool(url.href)).rejects.toThrow('The server does not support SSL connections');
    await expect(migrate(url.href)).rejects.toThrow('no TLS connection to PostgreSQL can be made');
  });

  test.each<[Name, () => Record<string, string>]>([
    ['tls', () => ({ sslmode: 'verify-full', ...CA(), channel_binding: 'require' })],
    ['cert', () => ({ ...CA(), ...CLIENT() })],
  ])('migrations reach the database "%s" with the same URL', async (name, parameters) => {
    expect(await migrate(urlOf(name, parameters()))).toContain('20261124120000_init');
    const { prisma, close } = openDatabase({ url: urlOf(name, parameters()) });
    expect(await prisma.webhook.count()).toBe(0);
    await close();
  });

  test('the command prints one line about a certificate that does not fit, and takes the files of the PGSSL variables', async () => {
    const run = (url: string, env: NodeJS.ProcessEnv) =>
      new Promise<{ stdout: string; stderr: string }>((resolve) => {
        execFile(process.execPath, [MIGRATE], { env: { ...process.env, ...env, DATABASE_URL: url } }, (_, stdout, stderr) => {
          resolve({ stdout, stderr });
        });
      });
    const wrong = await run(urlOf('tls', CA(), '127.0.0.1'), {});
    expect(wrong.stderr).toMatch(/^Cannot use PostgreSQL at [^\n]*no TLS connection[^\n]*127\.0\.0\.1[^\n]*sslmode[^\n]*\n$/);
    const right = await run(urlOf('either', {}), { PGSSLMODE: 'verify-full', PGSSLROOTCERT: file('ca.pem') });
    expect(right).toMatchObject({ stdout: expect.stringContaining('applied 20261124120000_init'), stderr: '' });
  });
});
