import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openLog, type TestLog } from '../../test/log.js';
import { findPosition, lastPosition, lastVisibleEvent, readEvents, readOwnerEvents, type LoggedEvent } from './read-events.js';

const USERS = [null, 'alice', 'bob'];
const TYPES = ['sync.completed', 'gaps.updated', 'extraction.started'];

let log: TestLog;
let all: LoggedEvent[];
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());

test('lastPosition is 0 for an empty log', async () => {
  expect(await lastPosition(log.pool)).toBe(0);
  expect(await readEvents(log.pool, { after: 0, limit: 10 })).toEqual({ events: [], complete: true });
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
    expect(await lastPosition(log.pool)).toBe(all.at(-1)?.position);
  });

  test('is read from any position in pages, by count and by bytes, without repeats or gaps', async () => {
    const size = Buffer.byteLength(all[0]?.data ?? '');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 * size }), async (limit, maxBytes) => {
        const read: LoggedEvent[] = [];
        for (let complete = false; !complete;) {
          const page = await readEvents(log.pool, { after: read.at(-1)?.position ?? 0, limit, maxBytes });
          expect(page.events.length).toBeLessThanOrEqual(Math.min(limit, Math.ceil(maxBytes / size)));
          expect(page.complete || page.events.length > 0).toBe(true);
          read.push(...page.events);
          ({ complete } = page);
        }
        expect(read).toEqual(all);
      }),
      { numRuns: 20 },
    );
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
});
