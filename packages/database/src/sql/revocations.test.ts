import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import {
  listRevocations,
  readRevocations,
  removeEndedRevocations,
  writeRevocations,
  type NewRevocation,
  type Revocation,
} from './revocations.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const now = Math.floor(Date.now() / 1000);
const revocation = (kind: Revocation['kind'], subject: string, more: Partial<NewRevocation> = {}): NewRevocation => ({
  kind,
  subject,
  notBefore: null,
  endsAt: null,
  owner: null,
  ...more,
});
const write = (...revocations: NewRevocation[]) => writeRevocations(log.pool, revocations, 'olga');
const read = async () => (await readRevocations(log.pool, { from: 0, limit: 100 })).map(({ change: _, at: __, ...rest }) => rest);

describe('a revocation that is written again', () => {
  test.each<[string, (number | null)[], number | null]>([
    ['keeps the later end', [now + 60, now + 600, now + 300], now + 600],
    ['has no end once an end was not known', [now + 600, null, now + 60], null],
    ['has no end if the first one was not known', [null, now + 60], null],
  ])('%s', async (_, ends, expected) => {
    for (const endsAt of ends) await write(revocation('token', 'one', { endsAt }));
    expect(await read()).toEqual([{ kind: 'token', subject: 'one', notBefore: null, endsAt: expected }]);
    await log.clear();
    await write(...ends.map((endsAt) => revocation('token', 'one', { endsAt })));
    expect(await read()).toEqual([{ kind: 'token', subject: 'one', notBefore: null, endsAt: expected }]);
  });

  test('keeps the later time of an owner, to the millisecond', async () => {
    await write(revocation('owner', 'alice', { notBefore: now + 0.5 }));
    await write(revocation('owner', 'alice', { notBefore: now - 60 }));
    expect(await read()).toEqual([{ kind: 'owner', subject: 'alice', notBefore: now + 0.5, endsAt: null }]);
  });

  test('keeps an owner and a token of the same name apart', async () => {
    await write(revocation('owner', 'same', { notBefore: now }), revocation('token', 'same'));
    expect(await read()).toHaveLength(2);
  });
});

test('changes become visible in the order of their numbers, also when the later one is committed first', async () => {
  const [first, second] = [await log.pool.connect(), await log.pool.connect()];
  try {
    await first.query('BEGIN');
    await writeRevocations(first, [revocation('token', 'one')], 'olga');
    let isDone = false;
    const later = writeRevocations(second, [revocation('token', 'two')], 'olga').then(() => (isDone = true));
    // The second one waits for the first: without the lock a reader could see it alone, and never read the first.
    for (;;) {
      const { rowCount } = await log.pool.query(
        "SELECT FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()",
      );
      if (rowCount === 1) break;
      expect(isDone).toBe(false);
    }
    expect(await read()).toEqual([]);
    await first.query('COMMIT');
    await later;
    expect((await read()).map(({ subject }) => subject)).toEqual(['one', 'two']);
  } finally {
    first.release();
    second.release();
  }
});

test('the audit log records who revoked what, and nothing of those that are carried over', async () => {
  await write(revocation('token', 'one', { owner: 'alice' }));
  await write(revocation('owner', 'bob', { notBefore: now }));
  await writeRevocations(log.pool, [revocation('token', 'old')], null);
  const { rows } = await log.pool.query('SELECT actor, actor_kind, action, owner, details FROM audit_log ORDER BY id');
  expect(rows).toEqual([
    { actor: 'olga', actor_kind: 'operator', action: 'token.revoked', owner: 'alice', details: { jti: { to: 'one' } } },
    {
      actor: 'olga',
      actor_kind: 'operator',
      action: 'tokens.revoked',
      owner: 'bob',
      details: { tokens_not_before: { to: expect.any(String) } },
    },
  ]);
});

test('revocations are listed with the last change first, page by page, or one alone', async () => {
  await write(revocation('token', 'one'), revocation('token', 'two'));
  await write(revocation('owner', 'alice'));
  const page = await listRevocations(log.pool, { limit: 1 });
  expect(page).toMatchObject([{ kind: 'owner', subject: 'alice', revokedBy: 'olga', notBefore: expect.any(Number) }]);
  const next = await listRevocations(log.pool, { limit: 10, before: page[0]?.change });
  expect(next.map(({ subject }) => subject)).toHaveLength(2);
  const one = await listRevocations(log.pool, { limit: 10, of: { kind: 'token', subject: 'one' } });
  expect(one.map(({ subject }) => subject)).toEqual(['one']);
});

test('only tokens that ended more than a day ago are removed', async () => {
  await write(
    revocation('token', 'long ago', { endsAt: now - 90_000 }),
    revocation('token', 'just now', { endsAt: now - 60 }),
    revocation('token', 'never'),
    revocation('owner', 'alice', { notBefore: 0 }),
  );
  await removeEndedRevocations(log.pool);
  expect((await read()).map(({ subject }) => subject).sort()).toEqual(['alice', 'just now', 'never']);
});
