import { describe, expect, test } from '@jest/globals';
import { parseDatabaseUrl } from './database-url.js';

const PINNED = new Set(['random_page_cost', 'search_path', 'datestyle']);
const parse = (text: string, env = {}) => parseDatabaseUrl(text, PINNED, env);
const at = (parameters: string) => parse(`postgresql://u:hunter2@db/tidings?${parameters}`);

describe('the URL of a database', () => {
  test('has an address, and no TLS unless it says so', () => {
    expect(parse('postgres://u:p%40%25@[::1]:6432/my%20db')).toMatchObject({
      user: 'u',
      password: 'p@%',
      host: '::1',
      port: 6432,
      database: 'my db',
      hasPooler: false,
      tls: { mode: 'disable' },
    });
    expect(parse('postgresql:///tidings?host=/var/run/postgresql&user=u').host).toBe('/var/run/postgresql');
    expect(parse('postgresql://u:100%@db/tidings').password).toBe('100%');
  });

  test.each([
    ['sslmode=prefer', { tls: { mode: 'prefer' } }],
    ['sslmode=verify-ca&sslrootcert=/ca.pem', { tls: { mode: 'verify-ca', rootCertificate: '/ca.pem' } }],
    ['sslrootcert=/ca.pem', { tls: { mode: 'verify-full' } }],
    ['ssl=true', { tls: { mode: 'verify-full' } }],
    ['sslmode=require&channel_binding=require', { tls: { mode: 'require', channelBinding: 'require' } }],
    ['pgbouncer=true', { hasPooler: true }],
    ['schema=hooks', { schema: 'hooks' }],
    ['options=-csearch_path%3Dhooks', { schema: 'hooks' }],
    ['options=-c%20search_path%3D%22My%5C%20hooks%22', { schema: 'My hooks' }],
    ['options=endpoint%3Dep-1%20--log-statement%3Dall', { options: ['endpoint=ep-1', '-c', 'log_statement=all'] }],
    ['gssencmode=disable', {}],
  ])('merges %s', (parameters, expected) => {
    expect(at(parameters)).toMatchObject(expected);
  });

  test.each([
    ['random_page_cost=1', 'sets random_page_cost, which Tidings sets itself'],
    ['options=-c%20Random_Page_Cost%3D1', 'sets random_page_cost in options'],
    ['options=-c%20search_path%3Da,b', 'is not one schema'],
    ['options=-fs', 'has options that are not "-c name=value"'],
    ['connection_limit=1', 'has a parameter connection_limit, which Tidings does not support: set DATABASE_POOL instead'],
    ['nonsense=1', 'has a parameter nonsense'],
    ['schema=a&schema=b', 'has the parameter schema twice'],
    ['schema=pg_catalog', 'has a schema that Tidings cannot use'],
    ['schema=a%22b', 'has a schema that Tidings cannot use'],
    ['sslmode=allow', 'has an sslmode that is none of disable, prefer, require, verify-ca, verify-full'],
    ['sslmode=no-verify', 'write require'],
    ['sslmode=verify-ca', 'add sslrootcert='],
    ['sslmode=require&ssl=true', 'has both ssl and sslmode'],
    ['sslmode=require&sslcert=/c.pem', 'needs both sslcert and sslkey'],
    ['channel_binding=require', 'needs sslmode=require or stricter'],
  ])('refuses %s by name, without values', (parameters, message) => {
    expect(() => at(parameters)).toThrow(message);
    expect(() => at(parameters)).not.toThrow('hunter2');
  });

  test('takes the mode of TLS from PGSSLMODE when it has none', () => {
    expect(parse('postgresql://db/tidings', { PGSSLMODE: 'require' }).tls.mode).toBe('require');
    expect(parse('postgresql://db/tidings?sslmode=disable', { PGSSLMODE: 'require' }).tls.mode).toBe('disable');
  });
});
