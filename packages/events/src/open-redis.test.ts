import { describe, expect, test } from '@jest/globals';
import { parseRedisUrl } from './open-redis.js';

describe('a Redis URL', () => {
  test.each([
    ['redis://host', ['redis://host']],
    ['rediss://user:p%2Cw@host:6380/2?family=6', ['rediss://user:p%2Cw@host:6380/2?family=6']],
    ['redis://:pw@a:1,redis://:pw@b:2', ['redis://:pw@a:1', 'redis://:pw@b:2']],
    ['rediss://a, rediss://[::1]:2/0', ['rediss://a', 'rediss://[::1]:2/0']],
    // A cluster with one address for all of its nodes.
    ['redis://all:6379,redis://all:6379', ['redis://all:6379', 'redis://all:6379']],
  ])('%s names %j', (text, urls) => {
    expect(parseRedisUrl(text).map(({ href }) => href)).toEqual(urls);
  });

  test.each([
    ['nonsense', 'redis://host:6379'],
    ['http://host', 'redis://host:6379'],
    ['redis://a:secret@host,', 'redis://host:6379'],
    ['redis://a,b:6379', 'redis://host:6379'],
    ['redis://a/1,redis://b/1', 'only one database, 0'],
    ['redis://a?family=6,redis://b', 'take no options'],
    ['redis://:secret@a,redis://b', 'the same protocol, user and password'],
    ['redis://a,rediss://b', 'the same protocol, user and password'],
  ])('is not %s', (text, message) => {
    const parse = () => parseRedisUrl(text);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow('secret');
  });
});
