import { describe, expect, test } from '@jest/globals';
import { durabilityOf, settingsOf } from './server-settings.js';

const MIB = 1024 * 1024;
const GOOD = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  autovacuum: 'on',
  track_counts: 'on',
  jit: 'off',
  enable_seqscan: 'off',
  plan_cache_mode: 'force_generic_plan',
  server_encoding: 'UTF8',
  random_page_cost: 4,
  shared_buffers: 128 * MIB,
  max_wal_size: 1024 * MIB,
  connections: 97,
};

describe('the settings of PostgreSQL', () => {
  test('are fine as Debian and Docker ship them', () => {
    expect([durabilityOf(GOOD).level, settingsOf(GOOD, 10).level]).toEqual(['ok', 'ok']);
  });

  test.each([
    [{ fsync: 'off' }, /fsync is off/],
    [{ full_page_writes: 'off' }, /full_page_writes is off/],
    [{ synchronous_commit: 'off' }, /loses the last accepted events/],
  ])('warn of %j', (change, message) => {
    expect(durabilityOf({ ...GOOD, ...change })).toMatchObject({ level: 'warning', message: expect.stringMatching(message) });
  });

  test.each([
    [{ autovacuum: 'off' }, 'warning', /autovacuum is off/],
    [{ track_counts: 'off' }, 'warning', /track_counts is off/],
    [{ shared_buffers: 16 * MIB }, 'warning', /shared_buffers is 16 MB/],
    [{ max_wal_size: 64 * MIB }, 'warning', /max_wal_size is 64 MB/],
    [{ random_page_cost: 40 }, 'warning', /random_page_cost is 40/],
    [{ connections: 19 }, 'wrong', /may have 19 connections, and one API and one worker use up to 20/],
    [{ server_encoding: 'SQL_ASCII' }, 'wrong', /encoding of the database is SQL_ASCII/],
    [{ jit: 'on' }, 'wrong', /do not reach PostgreSQL \(jit is on/],
    [{ plan_cache_mode: 'auto' }, 'wrong', /plan_cache_mode is auto/],
  ])('name %j: %s', (change, level, message) => {
    expect(settingsOf({ ...GOOD, ...change }, 10)).toMatchObject({
      level,
      message: expect.stringMatching(message),
      advice: expect.any(String),
    });
  });

  test('are named together, the gravest level for all', () => {
    const { level, message } = settingsOf({ ...GOOD, autovacuum: 'off', connections: 1 }, 10);
    expect([level, message.split('; ')]).toEqual([
      'wrong',
      [expect.stringContaining('connections'), expect.stringContaining('autovacuum')],
    ]);
  });
});
