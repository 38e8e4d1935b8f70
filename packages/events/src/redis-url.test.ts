import { describe, expect, test } from '@jest/globals';
import { parseRedisUrl, type RedisAddress } from './redis-url.js';

const host = (name: string, port = 6379) => ({ host: name, port });

describe('a Redis URL', () => {
  test.each(['redis://host', 'rediss://user:p%2Cw@host:6380/2?family=6', 'redis://:100%25%2F%40%3F%23@[::1]:6379/'])(
    'names one server: %s',
    (url) => {
      expect(parseRedisUrl(` ${url}\n`)).toEqual({ kind: 'server', url });
    },
  );

  test.each<[string, Partial<RedisAddress>]>([
    ['redis://:pw@a:1,redis://:pw@b:2', { nodes: [host('a', 1), host('b', 2)], login: { password: 'pw' }, tls: false }],
    [
      'rediss://u:p%2Cw@a, rediss://u:p%2Cw@[::1]:2/0',
      { nodes: [host('a'), host('::1', 2)], login: { username: 'u', password: 'p,w' }, tls: true },
    ],
    // A cluster with one address for all of its nodes.
    ['redis://all:6379,redis://all:6379', { nodes: [host('all'), host('all')], login: {} }],
  ])('names nodes of a cluster: %s', (text, address) => {
    expect(parseRedisUrl(text)).toMatchObject({ kind: 'cluster', ...address });
  });

  test.each<[string, Partial<RedisAddress>]>([
    [
      'redis+sentinel://a/mymaster',
      {
        sentinels: [host('a', 26379)],
        name: 'mymaster',
        database: 0,
        login: {},
        sentinelLogin: {},
        tls: false,
        sentinelTls: false,
      },
    ],
    [
      'redis+sentinel://user:p%40ss@a:1,b,[::1]:3/main/2?sentinelUsername=watch&sentinelPassword=s%26t',
      {
        sentinels: [host('a', 1), host('b', 26379), host('::1', 3)],
        name: 'main',
        database: 2,
        login: { username: 'user', password: 'p@ss' },
        sentinelLogin: { username: 'watch', password: 's&t' },
      },
    ],
    ['rediss+sentinel://:pw@a/m/', { login: { password: 'pw' }, tls: true, sentinelTls: true }],
    ['rediss+sentinel://a/m?sentinelTls=false', { tls: true, sentinelTls: false }],
  ])('names Sentinels and their master: %s', (text, address) => {
    expect(parseRedisUrl(text)).toMatchObject({ kind: 'sentinel', ...address });
  });

  const SECRETS = ['100%', 'hunter/2', '12/34', 'hunter?2', 'hunter#2', 'hunter@2', 'hunter%zz2', '%ff2', 'hun,ter2', 'hunter 2'];
  const TEXTS = SECRETS.flatMap((secret) => [
    `redis://:${secret}@host:6379`,
    `rediss://user:${secret}@host/1`,
    `redis://:${secret}@a,redis://:${secret}@b`,
    `redis+sentinel://:${secret}@a,b/mymaster`,
    `redis://${secret}:x@host`,
  ]);
  // A comma needs no encoding by the rules, and has no other meaning where only one URL follows.
  test.each(TEXTS.filter((text) => !text.includes(',ter')))('with a character that must be encoded says so: %s', (text) => {
    const secret = SECRETS.find((candidate) => text.includes(candidate)) ?? '';
    let message = '';
    try {
      parseRedisUrl(text);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain('percent-encoded');
    expect(message).not.toContain(secret);
    expect(message).not.toContain('\n');
  });

  test.each([
    ['nonsense', 'redis://host:6379'],
    ['', 'redis://host:6379'],
    ['host:6379', 'redis://host:6379'],
    ['http://host', 'redis://host:6379'],
    ['sentinel://secret@host/mymaster', 'redis+sentinel://'],
    ['redis://a:secret@host,', 'redis://host:6379'],
    ['redis://a,b:6379', 'redis://host:6379'],
    ['redis://host/#secret', 'redis://host:6379'],
    ['redis://host:6379/secret', 'the number of a database'],
    ['redis://host:6379/1/2', 'the number of a database'],
    ['redis://host:6379/-1', 'the number of a database'],
    ['redis://a/1,redis://b/1', 'only one database, 0'],
    ['redis://a?family=6,redis://b', 'take no options'],
    ['redis://:secret@a,redis://b', 'the same protocol, user and password'],
    ['redis://a,rediss://b', 'the same protocol, user and password'],
    ['redis+sentinel://secret@a:26379', 'the name of their master'],
    ['redis+sentinel://a:26379/', 'the name of their master'],
    ['redis+sentinel://a/mymaster/secret', 'the number of a database'],
    ['redis+sentinel://a/mymaster/0/secret', 'the name of their master'],
    ['redis+sentinel://a,,b/mymaster', 'redis+sentinel://'],
    ['redis+sentinel://a/mymaster?sentinelPasword=secret', 'sentinelUsername, sentinelPassword, sentinelTls'],
    ['redis+sentinel://a/mymaster?sentinelTls=secret', 'sentinelTls must be true or false'],
    ['redis+sentinel://a/m,redis+sentinel://b/m', 'separated by commas'],
  ])('is not %s', (text, message) => {
    const parse = () => parseRedisUrl(text);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow('secret');
  });
});
