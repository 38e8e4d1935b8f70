import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openLog, type TestLog } from '../../test/log.js';
import {
  findPosition,
  followEvents,
  lastVisibleEvent,
  readEvents,
  readNewest,
  readOwnerEvents,
  type LoggedEvent,
  type LogPage,
} from './read-events.js';

const USERS = [null, 'alice', 'bob'];
const TYPES = ['sync.completed', 'gaps.updated', 'extraction.started'];

let log: TestLog;
let all: LoggedEvent[];
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());

test('an empty log has no newest events, and was not put back', async () => {
  expect(await readNewest(log.pool, 10)).toEqual([]);
  const page = { events: [], next: null };
  expect(await followEvents(log.pool, [], { after: 0, limit: 10 })).toEqual({ ...page, isPutBack: false });
  expect(await followEvents(log.pool, [{ position: 5, id: 'a' }], { after: 5, limit: 10 })).toEqual({
    ...page,
    isPutBack: false,
  });
  expect(await readEvents(log.pool, { after: 0, limit: 10 })).toEqual({ events: [], next: null });
});

describe('the log', () => {
  beforeAll(async () => {
    const events = USERS.flatMap((owner) =>
      TYPES.flatMap((type) => [1, 2, 3].map((n) => ({ owner, type, data: `{"n":${String(n)}}` }))),
    );
    // Events of several owners mixed, with gaps between the positions, which repeated ids cause.
    for (const event of events.sort((one, other) => one.data.localeCompare(other.data))) {
      await log.accept(event);
      await log.pool.query("SELECT nextval('events_position_seq')");
    }
    all = (await readEvents(log.pool, { after: 0, limit: 1000 })).events;
  });

  const visibleTo = (owner: string) => all.filter((event) => event.owner === null || event.owner === owner);

  test('is read in the order of positions, up to the newest event', async () => {
    expect(all).toHaveLength(27);
    expect(all.map(({ position }) => position)).toEqual(all.map(({ position }) => position).sort((one, other) => one - other));
    const places = all.map(({ position, id, owner }) => ({ position, id, owner }));
    expect(await readNewest(log.pool, 1000)).toEqual(places);
    expect(await readNewest(log.pool, 3)).toEqual(places.slice(-3));
  });

  test('is read from any position in pages, by count and by bytes, without repeats or gaps', async () => {
    const size = Buffer.byteLength(all[0]?.data ?? '');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 * size }), async (limit, maxBytes) => {
        const read: LoggedEvent[] = [];
        for (let after: number | null = 0; after !== null;) {
          const page: LogPage = await readEvents(log.pool, { after, limit, maxBytes });
          expect(page.events.length).toBeLessThanOrEqual(Math.min(limit, Math.ceil(maxBytes / size)));
          expect(page.next === null || page.events.length > 0).toBe(true);
          read.push(...page.events);
          after = page.next;
        }
        expect(read).toEqual(all);
      }),
      { numRuns: 20 },
    );
  });

  test('ends a page by the size of data before it is compressed, of which it reads no more than it returns', async () => {
    await log.pool.query(
      `INSERT INTO events (id, type, owner, data, timestamp, accepted_at)
       SELECT 'large_' || n, 'sync.failed', NULL, json_build_object('a', repeat('é', 50000)), now(), now() FROM generate_series(1, 20) AS n`,
    );
    const last = all.at(-1)?.position ?? 0;
    const read: LoggedEvent[] = [];
    for (let after: number | null = last; after !== null;) {
      const page: LogPage = await readEvents(log.pool, { after, limit: 200, maxBytes: 250_000 });
      expect(page.events.length).toBeLessThanOrEqual(3);
      read.push(...page.events);
      after = page.next;
    }
    expect(read.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, index) => `large_${String(index + 1)}`));
    await log.pool.query("DELETE FROM events WHERE id LIKE 'large%'");
  });

  test("shows an owner the events for everyone and the owner's, and no other owner's (I7)", async () => {
    for (const owner of ['alice', 'bob', 'nobody', '']) {
      expect((await readOwnerEvents(log.pool, owner, { after: 0, limit: 1000 })).events).toEqual(visibleTo(owner));
    }
  });

  test('shows exactly the visible events of the given types in the range, up to the limit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('alice', 'bob', 'nobody', null),
        fc.option(fc.subarray([...TYPES, 'unknown.type'])),
        fc.integer({ min: 0, max: 60 }),
        fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
        fc.integer({ min: 1, max: 30 }),
        async (owner, types, after, until, limit) => {
          const expected = (owner === null ? all : visibleTo(owner)).filter(
            ({ position, type }) => position > after && position <= (until ?? Infinity) && (types?.includes(type) ?? true),
          );
          const range = { after, types, limit, ...(until !== undefined && { until }) };
          const read = owner === null ? readEvents(log.pool, range) : readOwnerEvents(log.pool, owner, range);
          expect((await read).events).toEqual(expected.slice(0, limit));
        },
      ),
    );
  });

  test('has a newest visible event up to each position', async () => {
    expect(await lastVisibleEvent(log.pool, 'alice', 0)).toBeNull();
    for (const { position } of all) {
      const before = (events: LoggedEvent[]) => events.filter((event) => event.position <= position).at(-1)?.id ?? null;
      expect(await lastVisibleEvent(log.pool, 'alice', position)).toBe(before(visibleTo('alice')));
      expect(await lastVisibleEvent(log.pool, null, position)).toBe(before(all));
    }
  });

  test('has a position for each event that the owner may see, and null for others (I7)', async () => {
    for (const { id, position, owner } of all) {
      expect(await findPosition(log.pool, 'alice', id)).toBe(owner === 'bob' ? null : position);
      expect(await findPosition(log.pool, null, id)).toBe(position);
    }
    expect(await findPosition(log.pool, 'alice', 'unknown')).toBeNull();
    expect(await findPosition(log.pool, null, 'unknown')).toBeNull();
  });

  test('is followed in the same pages as it is read in', async () => {
    for (const { position, id } of all) {
      for (const range of [
        { after: position, limit: 4 },
        { after: position, limit: 100, maxBytes: 20 },
      ])
        expect(await followEvents(log.pool, [{ position, id }], range)).toEqual({
          ...(await readEvents(log.pool, range)),
          isPutBack: false,
        });
    }
  });

  test('was put back when it lacks a remembered event and has one before it', async () => {
    const follow = async (...remembered: { position: number; id: string }[]) =>
      (await followEvents(log.pool, remembered, { after: 0, limit: 1 })).isPutBack;
    const [first, second] = all as [LoggedEvent, LoggedEvent];
    const last = all.at(-1) as LoggedEvent;
    expect(await follow({ position: second.position, id: 'another' })).toBe(true);
    expect(await follow({ position: last.position + 10, id: 'lost' })).toBe(true);
    expect(await follow(first, second, last)).toBe(false);
    expect(await follow(first, { position: second.position, id: 'another' }, last)).toBe(true);
    // A dropped period takes the remembered event along with all before it.
    await log.pool.query('DELETE FROM events WHERE position <= $1', [second.position]);
    expect(await follow(first)).toBe(false);
    expect(await follow(second, last)).toBe(false);
    expect(await follow(last)).toBe(false);
  });
});
