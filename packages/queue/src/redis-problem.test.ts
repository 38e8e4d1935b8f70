import { describe, expect, test } from '@jest/globals';
import { explainRedisProblem, isMissingRight, isRedisProblem, problemOf, RedisError } from './redis-problem.js';

const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' });

describe('what Redis answers', () => {
  test.each([
    ['NOAUTH Authentication required.', 'Redis wants a password (NOAUTH)'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'Redis refuses the user or the password (WRONGPASS)'],
    ["NOPERM this user has no permissions to run the 'info' command", 'the Redis user lacks the right to a command (NOPERM)'],
    ['NOPERM this user has no permissions to access one of the keys', 'the Redis user lacks the right to a key (NOPERM)'],
    ['NOPERM No permissions to access a channel', 'the Redis user lacks the right to a channel (NOPERM)'],
    ["READONLY You can't write against a read only replica.", 'Redis is a replica, which refuses writes (READONLY)'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'the memory of Redis is full (OOM)'],
    ['MISCONF Redis is configured to save RDB snapshots', 'Redis refuses writes, since it cannot keep them (MISCONF)'],
    ['LOADING Redis is loading the dataset in memory', 'Redis still loads its data (LOADING)'],
    ['ERR DB index is out of range', 'Redis has no database of this number'],
    ['ERR max number of clients reached', 'Redis takes no more connections (maxclients)'],
    ["ERR unknown command 'ZMSCORE'", 'this Redis does not know a command that Tidings needs'],
  ])('%s: %s', (message, words) => {
    expect(problemOf(reply(message)).words).toBe(words);
    expect(isRedisProblem(reply(message))).toBe(true);
    expect(new RedisError(reply(message))).toMatchObject({ readiness: words, message: `${words}: ${message}` });
  });

  test.each([
    [
      'All sentinels are unreachable. Retrying from scratch after 10ms. Last error: NOAUTH Authentication required.',
      'Redis wants a password (NOAUTH)',
    ],
    [
      'connected to sentinel a:26379 successfully, but got an invalid reply: null',
      'the Sentinels do not know a master of this name',
    ],
    ['write EPROTO ssl3_get_record:wrong version number', 'Redis does not speak TLS at this address'],
    ['self-signed certificate in certificate chain', 'the TLS certificate of Redis is not accepted'],
    ['connect ECONNREFUSED 10.0.0.1:6379', 'Redis cannot be reached'],
  ])('a connection that fails with "%s": %s', (message, words) => {
    expect(problemOf(new Error(message)).words).toBe(words);
  });

  test('an address is in the log, and not in the readiness', () => {
    const error = new RedisError(new Error('connect ECONNREFUSED 10.0.0.1:6379'));
    expect(error.message).toBe('Redis cannot be reached: connect ECONNREFUSED 10.0.0.1:6379');
    expect(error.readiness).toBe('unreachable');
  });

  test.each([
    'Command timed out',
    'Connection is closed.',
    "Stream isn't writeable and enableOfflineQueue options is false",
    'Redis cannot be reached: AbortError',
  ])('"%s" means that Redis cannot be used', (message) => {
    expect(isRedisProblem(new Error(message))).toBe(true);
  });

  test.each([
    reply('WRONGTYPE Operation against a key holding the wrong kind of value'),
    reply("ERR wrong number of arguments for 'get' command"),
    new Error('connect ECONNREFUSED 10.0.0.1:5432'),
    new Error('Missing lock for job 1. moveToFinished'),
    undefined,
  ])('%s does not', (error) => {
    expect(isRedisProblem(error)).toBe(false);
  });

  test('a missing right is told apart, also as the cause', () => {
    const refused = reply("NOPERM this user has no permissions to run the 'eval' command");
    expect(isMissingRight(refused)).toBe(true);
    expect(isMissingRight(new Error('The script failed.', { cause: refused }))).toBe(true);
    expect(isMissingRight(reply('READONLY'))).toBe(false);
  });
});

test('warnings about one problem of Redis have one topic, and keep their error', () => {
  const refused = new Error('connect ECONNREFUSED 10.0.0.1:6379');
  const closed = new Error('Connection is closed.');
  expect(explainRedisProblem(closed)).toEqual({ topic: 'Redis cannot be reached', details: { error: closed } });
  expect(explainRedisProblem(new RedisError(refused))?.topic).toBe('Redis cannot be reached');
  expect(explainRedisProblem(reply('READONLY no'))?.topic).toContain('a replica');
  expect(explainRedisProblem(new Error('another'))).toBeNull();
});
