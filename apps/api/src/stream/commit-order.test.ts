import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc, { type GeneratorValue } from 'fast-check';
import {
  acceptEvents,
  findPosition,
  followEvents,
  openDatabase,
  readNewest,
  readOwnerEvents,
  type Database,
  type Queryable,
} from '@tidings/database';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { fakeSession, NO_METRICS, yieldToEventLoop } from '../../test/stream-fixture.js';
import { createSubscribers } from './subscribers.js';
import { createHub } from './hub.js';
import { catchUp } from './catch-up.js';
import type { StreamEvent } from './stream-event.js';

/**
 * The same as `order.test.ts`, with PostgreSQL instead of a model of it: several concurrent publishers, whose transactions
 * take random times and are sometimes rolled back.
 */
let testDatabase: TestDatabase;
let database: Database;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url, maxConnections: 20 });
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});
beforeEach(() => database.pool.query('TRUNCATE events'));

const OWNERS = ['alice', 'bob'];
const WRITERS = 5;
const TRANSACTIONS = 6;
const PAGE = { limit: 7 };

type Written = Omit<StreamEvent, 'position'>;
/** Writes events in the open transaction of a connection, and returns their positions. */
type Accept = (sql: Queryable, events: readonly Written[]) => Promise<number[]>;

const withLock: Accept = async (sql, events) => {
  const timestamp = new Date().toISOString();
  const { accepted } = await acceptEvents(sql, [events.map((event) => ({ ...event, timestamp }))], {
    patterns: new Map(),
    wakeAfterMs: 1000,
  });
  return accepted.map(({ position }) => position);
};
/** Draws positions from the sequence without the lock. */
const withoutLock: Accept = async (sql, events) => {
  const { rows } = await sql.query<{ position: string }>({
    text: `INSERT INTO events (id, type, owner, data, timestamp)
      SELECT id, type, owner, data::json, now() FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS new (id, type, owner, data)
      RETURNING position`,
    values: [
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map(({ owner }) => owner),
      events.map(({ data }) => data),
    ],
  });
  return rows.map(({ position }) => Number(position));
};

let runs = 0;

/** Plays one random run. Returns, for each client, the ids that it got and the ids that the log has for it. */
async function play(choose: GeneratorValue, accept: Accept): Promise<{ got: string[]; expected: string[] }[]> {
  const { pool } = database;
  runs += 1;
  const run = `run${String(runs)}`;
  const { rows } = await pool.query<{ position: string }>('SELECT coalesce(max(position), 0) AS position FROM events');
  const begin = Number(rows[0]?.position);
  const processes = [1, 2].map(() => {
    const subscribers = createSubscribers();
    const hub = createHub({
      readPage: ({ after, remembered }) => followEvents(pool, remembered, { after, ...PAGE }),
      readNewest: (limit) => readNewest(pool, limit),
      subscribers,
      endSessions: () => {
        throw new Error('The log was not put back.');
      },
      metrics: NO_METRICS,
      log: { warn: () => undefined, error: () => undefined },
    });
    return { subscribers, hub };
  });
  await Promise.all(processes.map(({ hub }) => hub.start()));
  const pick = <Item>(list: readonly Item[]): Item => list[choose(fc.nat, { max: list.length - 1 })] as Item;
  const maybe = (percent: number): boolean => choose(fc.nat, { max: 99 }) < percent;
  const pause = (): Promise<void> => yieldToEventLoop(choose(fc.nat, { max: 6 }));

  const writer = async (name: number): Promise<void> => {
    for (let count = 0; count < TRANSACTIONS; count += 1) {
      const events = Array.from({ length: 1 + choose(fc.nat, { max: 2 }) }, (_, index) => ({
        id: `${run}-${String(name)}-${String(count)}-${String(index)}`,
        type: 'a.b',
        version: 1,
        isPreview: false,
        owner: maybe(30) ? null : pick(OWNERS),
        data: '{}',
      }));
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        const positions = await accept(client, events);
        await pause();
        await client.query(maybe(15) ? 'ROLLBACK' : 'COMMIT');
        const announced = events.map((event, index) => ({ ...event, position: positions[index] ?? 0 }));
        // Events that were rolled back are never announced; some of the others are not, either.
        const { rowCount } = await pool.query('SELECT FROM events WHERE id = $1', [events[0]?.id]);
        if (rowCount === 0) continue;
        for (const { hub } of processes) {
          if (maybe(25)) continue;
          await pause();
          hub.announce(announced);
          if (maybe(20)) hub.announce(announced);
        }
      } finally {
        client.release();
      }
    }
  };

  let isWriting = true;
  const follower = async (owner: string): Promise<{ owner: string; got: string[] }> => {
    const got: string[] = [];
    const connect = async (): Promise<void> => {
      const { hub, subscribers } = pick(processes);
      const last = got.at(-1);
      const position = last === undefined ? begin : ((await findPosition(pool, owner, last)) ?? 0);
      const { session, got: received } = fakeSession({ owner, position });
      await catchUp(session, {
        hub,
        subscribers,
        metrics: NO_METRICS,
        readPage: (range) => readOwnerEvents(pool, owner, { ...range, ...PAGE }),
      });
      for (let count = choose(fc.nat, { max: 30 }); count > 0; count -= 1) await yieldToEventLoop(1);
      session.isOpen = false;
      subscribers.leave(session);
      got.push(...received);
    };
    while (isWriting) await connect();
    await Promise.all(processes.map(({ hub }) => hub.catchUp()));
    await connect();
    return { owner, got };
  };

  const following = [...OWNERS, ...OWNERS].map(follower);
  await Promise.all(Array.from({ length: WRITERS }, (_, name) => writer(name)));
  isWriting = false;
  const clients = await Promise.all(following);
  return Promise.all(
    clients.map(async ({ owner, got }) => {
      const { events } = await readOwnerEvents(pool, owner, { after: begin, limit: 1000 });
      return { got, expected: events.map(({ id }) => id) };
    }),
  );
}

describe('with concurrent publishers', () => {
  test('each client gets the log, because positions are drawn under the lock', async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (choose) => {
        for (const { got, expected } of await play(choose, withLock)) expect(got).toEqual(expected);
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });

  test('a client loses events when positions are drawn without the lock', async () => {
    const loses = fc.asyncProperty(fc.gen(), async (choose) => {
      for (const { got, expected } of await play(choose, withoutLock)) expect(got).toEqual(expected);
    });
    const { errorInstance } = await fc.check(loses, { numRuns: 50, endOnFailure: true });
    expect(String(errorInstance)).toContain('deep equality');
  });
});
