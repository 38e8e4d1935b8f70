import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LoggedRevocation, NewRevocation } from '@tidings/database';
import { createRevocations, decodeRevocation, encodeRevocation } from './revocations.js';

const IN_AN_HOUR = Date.now() / 1000 + 3600;

/** A table of revocations as PostgreSQL has it, with a process that follows it. */
function startProcess(pageSize = 2) {
  let rows: LoggedRevocation[] = [];
  let number = 0;
  let reads = 0;
  let time = 0;
  const write = (revocations: readonly Omit<NewRevocation, 'owner'>[]) => {
    for (const { kind, subject, notBefore, endsAt } of revocations) {
      rows = rows.filter((row) => row.kind !== kind || row.subject !== subject);
      rows.push({ kind, subject, notBefore, endsAt, change: (number += 1), at: (time += 1) });
    }
    return Promise.resolve();
  };
  const revocations = createRevocations({
    read: ({ from, limit }) => {
      reads += 1;
      return Promise.resolve(rows.filter(({ change }) => change >= from).slice(0, limit));
    },
    write,
    pageSize,
  });
  return {
    revocations,
    revokeToken: (subject: string, endsAt: number | null = null) => write([{ kind: 'token', subject, notBefore: null, endsAt }]),
    revokeOwner: (subject: string, notBefore: number) => write([{ kind: 'owner', subject, notBefore, endsAt: null }]),
    rows: () => rows,
    /** Puts the table back to its state after so many revocations. */
    putBack: (count: number) => {
      rows = rows.slice(0, count);
      number = rows.at(-1)?.change ?? 0;
    },
    reads: () => reads,
  };
}

describe('the copy of a process', () => {
  test('has all pages after the first refresh, and reads only what is new after that', async () => {
    const { revocations, revokeToken, revokeOwner, reads } = startProcess(3);
    for (const id of ['a', 'b', 'c', 'd', 'e']) await revokeToken(id);
    await revokeOwner('alice', 17);
    await revocations.refresh();
    expect(['a', 'e', 'f'].map(revocations.isRevoked)).toEqual([true, true, false]);
    expect([revocations.notBefore('alice'), revocations.notBefore('bob'), revocations.size]).toEqual([17, undefined, 6]);
    const before = reads();
    await revokeToken('f');
    await revocations.refresh();
    expect([revocations.isRevoked('f'), reads() - before]).toEqual([true, 1]);
  });

  test('knows what was announced before it is read', async () => {
    const { revocations } = startProcess();
    revocations.add({ kind: 'token', subject: 'a', notBefore: null, endsAt: null });
    await revocations.refresh();
    expect(revocations.isRevoked('a')).toBe(true);
  });

  test('forgets tokens that have ended, and no others', async () => {
    const { revocations, revokeToken, revokeOwner } = startProcess();
    await revokeToken('ended', 1);
    await revokeToken('later', IN_AN_HOUR);
    await revokeToken('unknown');
    await revokeOwner('alice', 1);
    await revocations.refresh();
    revocations.forgetEnded();
    expect(['ended', 'later', 'unknown'].map(revocations.isRevoked)).toEqual([false, true, true]);
    expect(revocations.notBefore('alice')).toBe(1);
  });

  test('holds no more than its limit, and still learns more about what it has', () => {
    const write = () => Promise.resolve();
    const revocations = createRevocations({ read: () => Promise.resolve([]), write, max: 1 });
    revocations.add({ kind: 'owner', subject: 'alice', notBefore: 1, endsAt: null });
    revocations.add({ kind: 'token', subject: 'a', notBefore: null, endsAt: null });
    revocations.add({ kind: 'owner', subject: 'alice', notBefore: 17, endsAt: null });
    expect([revocations.size, revocations.isRevoked('a'), revocations.notBefore('alice')]).toEqual([1, false, 17]);
  });

  test('reads on after a round that failed in the middle', async () => {
    const { revokeToken, rows } = startProcess();
    for (const id of ['a', 'b', 'c']) await revokeToken(id);
    let failures = 1;
    const revocations = createRevocations({
      read: ({ from, limit }) =>
        from > 0 && failures-- > 0
          ? Promise.reject(new Error('away'))
          : Promise.resolve(
              rows()
                .filter(({ change }) => change >= from)
                .slice(0, limit),
            ),
      write: () => Promise.resolve(),
      pageSize: 2,
    });
    await expect(revocations.refresh()).rejects.toThrow('away');
    await revocations.refresh();
    expect(['a', 'b', 'c'].map(revocations.isRevoked)).toEqual([true, true, true]);
  });

  test('knows every revocation, and writes those that were lost again, however PostgreSQL is put back', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(fc.record({ id: fc.integer({ min: 0, max: 6 }) }), fc.record({ keep: fc.nat(6) }), fc.constant('refresh')),
        ),
        async (steps) => {
          const { revocations, revokeToken, putBack, rows } = startProcess();
          const known = new Set<string>();
          let unread: string[] = [];
          for (const step of steps) {
            if (step === 'refresh') {
              await revocations.refresh();
              for (const id of unread.splice(0)) known.add(id);
            } else if (typeof step === 'object' && 'id' in step) {
              await revokeToken(String(step.id));
              unread.push(String(step.id));
            } else if (typeof step === 'object') {
              // What was lost before any process read it is lost.
              putBack(step.keep);
              const left = new Set(rows().map(({ subject }) => subject));
              unread = unread.filter((id) => left.has(id));
            }
          }
          await revocations.refresh();
          await revocations.refresh();
          for (const id of [...known, ...unread]) expect(revocations.isRevoked(id)).toBe(true);
        },
      ),
    ));

  test('notices that PostgreSQL was put back although the last revocation has its number again', async () => {
    const { revocations, revokeToken, putBack } = startProcess();
    await revokeToken('a');
    await revokeToken('b');
    await revocations.refresh();
    putBack(0);
    await revokeToken('c');
    await revokeToken('b');
    await revocations.refresh();
    expect(['a', 'b', 'c'].map(revocations.isRevoked)).toEqual([true, true, true]);
  });

  test('writes a lost revocation to PostgreSQL again', async () => {
    const { revocations, revokeToken, revokeOwner, putBack, rows } = startProcess();
    await revokeToken('a', IN_AN_HOUR);
    await revokeOwner('alice', 17);
    await revokeToken('b');
    await revocations.refresh();
    putBack(1);
    await revocations.refresh();
    expect(rows()).toMatchObject([
      { subject: 'a', endsAt: IN_AN_HOUR },
      { subject: 'b', endsAt: null },
      { subject: 'alice', notBefore: 17 },
    ]);
  });
});

describe('an announcement', () => {
  test.each([
    { kind: 'token' as const, subject: 'a', notBefore: null, endsAt: 17.5 },
    { kind: 'token' as const, subject: 'a', notBefore: null, endsAt: null },
    { kind: 'owner' as const, subject: 'alice', notBefore: 17, endsAt: null },
  ])('arrives as it was sent: %j', (revocation) => {
    expect(decodeRevocation(encodeRevocation(revocation))).toEqual(revocation);
  });

  test.each(['', 'x', 'null', '{}', '[]', '{"kind":"owner","subject":"alice","notBefore":null,"endsAt":null}'])(
    'that is none is ignored: %s',
    (message) => {
      expect(decodeRevocation(message)).toBeNull();
    },
  );
});
