import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { openDatabase, readEvents, type Database } from '@tidings/database';
import { catalog, extractionStarted, gapsUpdated, syncFailed, type Publishable, type TidingsEvent } from '@tidings/events';
import { connectRedis, createDeliveriesQueue, createExpansionsQueue, LINE_LIMIT, type DeliveriesQueue } from '@tidings/queue';
import {
  createFaultProxy,
  createTestDatabase,
  createTestRedis,
  eventually,
  type FaultProxy,
  type TestDatabase,
  type TestRedis,
} from '@tidings/testing';
import { createAccept, type Accept, type AcceptObserver } from './accept.js';
import { decodeAnnouncement, streamChannel, type AnnouncedEvent } from './announcement.js';
import { ConflictingEventError } from './conflicting-event-error.js';

let testDatabase: TestDatabase;
let database: Database;
let redis: TestRedis;
let proxy: FaultProxy;
let announced: AnnouncedEvent[][];
let warnings: string[];
/** The calls of the observer, without the durations. */
let observed: unknown[];
let accept: Accept;
let queue: DeliveriesQueue;
let close: () => Promise<void>;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url });
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});
beforeEach(async () => {
  await database.pool.query('TRUNCATE webhooks, events, deliveries, pending_deliveries, expansions');
  await database.prisma.webhook.create({
    data: { id: 'wh_1', owner: 'alice', url: 'https://example.com', eventTypes: ['sync.*'], sealedSecret: new Uint8Array(1) },
  });
  redis = createTestRedis();
  proxy = await createFaultProxy(redis.url);
  const { prefix } = redis;
  announced = [];
  warnings = [];
  observed = [];
  const subscriber = connectRedis(redis.url, 'subscriber', () => undefined);
  await subscriber.subscribe(streamChannel(prefix));
  subscriber.on('message', (_, message) => void announced.push(decodeAnnouncement(message)));
  const commands = connectRedis(proxy.url, 'command', () => undefined);
  await once(commands, 'ready');
  queue = createDeliveriesQueue({ redis: commands, prefix });
  const expansions = createExpansionsQueue({ redis: commands, prefix });
  const observe: AcceptObserver = {
    committed: ({ durationMs: _, ...commit }) => void observed.push(commit),
    rejected: (reason, calls) => void observed.push([reason, calls]),
  };
  const log = { warn: (message: string) => void warnings.push(message), debug: () => undefined };
  accept = createAccept({ sql: database.pool, queue, expansions, redis: commands, prefix, observe, log });
  close = async () => {
    await accept.idle();
    await queue.close();
    await expansions.close();
    commands.disconnect();
    subscriber.disconnect();
    await proxy.disconnect();
    await redis.drop();
  };
});
afterEach(() => close());

const failed = (id: string, message = 'gone') => syncFailed({ user_id: 'alice', error_message: message }, { id });
const accepting = (...drafts: Publishable[]) => accept(catalog.validate(drafts));
const logged = async () => (await readEvents(database.pool, { after: 0, limit: 10_000 })).events;
/** The deliveries that Redis has, in the order in which workers take them. */
const queued = async () => {
  const first = await redis.client.lrange(`${redis.prefix}:deliveries:wait`, 0, -1);
  return [...first.reverse(), ...(await redis.client.zrange(`${redis.prefix}:deliveries:prioritized`, '0', '-1'))];
};
const deliveryIds = async () => {
  const { rows } = await database.pool.query<{ id: string }>(
    'SELECT deliveries.id FROM deliveries JOIN events ON events.id = event_id ORDER BY position',
  );
  return rows.map((row) => row.id);
};
const stagesOf = async (ids: readonly string[]) => {
  const { rows } = await database.pool.query<{ stage: string }>(
    'SELECT stage::text FROM pending_deliveries WHERE delivery_id = ANY ($1) ORDER BY event_position',
    [ids],
  );
  return rows.map(({ stage }) => stage);
};
/** Counts the transactions that wrote the events of the log. */
const commits = async () => {
  const { rows } = await database.pool.query<{ count: number }>('SELECT count(DISTINCT xmin::text)::int AS count FROM events');
  return rows[0]?.count;
};
/** Blocks every commit to the log. Returns the function that unblocks them. */
const blockCommits = async () => {
  const holder = await database.pool.connect();
  await holder.query('BEGIN; LOCK TABLE events IN EXCLUSIVE MODE');
  return async () => {
    await holder.query('COMMIT');
    holder.release();
  };
};
const blockedCommits = async () => {
  const { rows } = await database.pool.query(
    "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
  );
  return rows.length;
};

describe('an id that is taken', () => {
  test('by the same event repeats it; by another event refuses the whole call', async () => {
    await accepting(failed('a'));
    expect(await accepting(failed('a'))).toEqual([{ id: 'a', status: 'repeated' }]);
    const refused = accepting(failed('b'), failed('a', 'another'), failed('c'));
    await expect(refused).rejects.toThrow(ConflictingEventError);
    await expect(refused).rejects.toMatchObject({ ids: ['a'] });
    expect((await logged()).map(({ id }) => id)).toEqual(['a']);
    expect(observed).toEqual([
      { events: 1, accepted: 1, repeated: 0, deliveries: 1, skipped: 0, expanding: 0 },
      { events: 1, accepted: 0, repeated: 1, deliveries: 0, skipped: 0, expanding: 0 },
      ['conflict', 1],
      { events: 3, accepted: 0, repeated: 0, deliveries: 0, skipped: 0, expanding: 0 },
    ]);
  });

  test('twice within one call is refused too, unless it is the same event', async () => {
    await expect(accepting(failed('a'), failed('a', 'another'))).rejects.toMatchObject({ ids: ['a'] });
    expect(await accepting(failed('b'), failed('b'))).toEqual([
      { id: 'b', status: 'accepted' },
      { id: 'b', status: 'repeated' },
    ]);
    expect((await logged()).map(({ id }) => id)).toEqual(['b']);
  });

  test('refuses no other call that shares the commit', async () => {
    await accepting(failed('a'));
    const release = await blockCommits();
    const first = accepting(failed('first'));
    await eventually(async () => {
      expect(await blockedCommits()).toBe(1);
    });
    const shared = [
      accepting(failed('b'), failed('a', 'another')),
      accepting(failed('b'), failed('c')),
      accepting(failed('c', 'another'), failed('d')),
      accepting(failed('c')),
    ];
    const settled = Promise.allSettled(shared);
    await release();
    await first;
    expect(await settled).toMatchObject([
      { status: 'rejected', reason: { ids: ['a'] } },
      {
        value: [
          { id: 'b', status: 'accepted' },
          { id: 'c', status: 'accepted' },
        ],
      },
      { status: 'rejected', reason: { ids: ['c'] } },
      { value: [{ id: 'c', status: 'repeated' }] },
    ]);
    expect((await logged()).map(({ id }) => id)).toEqual(['a', 'first', 'b', 'c']);
  });

  test('by fifty publishers at once makes one event', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => accepting(failed('a'))));
    expect(answers.flat().filter(({ status }) => status === 'accepted')).toHaveLength(1);
    expect((await logged()).map(({ id }) => id)).toEqual(['a']);
    await accept.idle();
    expect(await deliveryIds()).toHaveLength(1);
  });
});

describe('accepting events', () => {
  test('commits them with their deliveries, enqueues the deliveries, and announces the events', async () => {
    const other = gapsUpdated({ user_id: 'bob', entity_type: 'label', entity_id: '1' }, { id: 'b' });
    expect(await accepting(failed('a'), other, failed('c'))).toEqual([
      { id: 'a', status: 'accepted' },
      { id: 'b', status: 'accepted' },
      { id: 'c', status: 'accepted' },
    ]);
    await accept.idle();
    expect((await logged()).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(await queued()).toEqual(await deliveryIds());
    expect(await queued()).toHaveLength(2);
    const expected = (await logged()).map(({ position, id, type, owner, data }) => ({ position, id, type, owner, data }));
    await eventually(() => {
      expect(announced).toEqual([
        expected.map((event) => ({ ...event, version: 1, isPreview: false, announcedAt: expect.any(Number) })),
      ]);
    });
  });

  test('does nothing in Redis before the commit', async () => {
    const release = await blockCommits();
    const accepted = accepting(failed('a'));
    await eventually(async () => {
      expect(await blockedCommits()).toBe(1);
    });
    expect(await queued()).toEqual([]);
    expect(announced).toEqual([]);
    await release();
    await accepted;
    await accept.idle();
    expect(await queued()).toHaveLength(1);
    await eventually(() => {
      expect(announced).toHaveLength(1);
    });
  });

  test('fails when the database refuses them, and does nothing in Redis', async () => {
    const [event] = catalog.validate([failed('a')]) as [TidingsEvent];
    await expect(accept([{ ...event, data: 'no JSON' }])).rejects.toThrow('invalid input syntax for type json');
    await accept.idle();
    expect(await logged()).toEqual([]);
    expect(await queued()).toEqual([]);
    await accepting(failed('b'));
    await eventually(() => {
      expect(announced.flat().map(({ id }) => id)).toEqual(['b']);
    });
  });

  test('accepts an empty list', async () => {
    expect(await accept([])).toEqual([]);
  });
});

describe('an event that more webhooks match than one commit writes deliveries for', () => {
  test('is accepted without deliveries, and workers are called', async () => {
    await database.prisma.webhook.createMany({
      data: Array.from({ length: 101 }, (_, index) => ({
        id: `wh_many_${String(index)}`,
        owner: `owner_${String(index)}`,
        url: 'https://example.com',
        eventTypes: ['extraction.*'],
        sealedSecret: new Uint8Array(1),
      })),
    });
    const started = extractionStarted({ version: '1', entity_types: [] }, { id: 'everyone' });
    expect(await accepting(failed('a'), started)).toMatchObject([{ status: 'accepted' }, { status: 'accepted' }]);
    await accept.idle();
    expect(observed).toMatchObject([{ accepted: 2, deliveries: 1, expanding: 1 }]);
    expect(await queued()).toEqual(await deliveryIds());
    const jobs = await redis.client.lrange(`${redis.prefix}:expansions:wait`, 0, -1);
    expect(jobs).toEqual([`position-${String((await logged())[1]?.position)}`]);
  });
});

describe('the line in Redis', () => {
  test('gets the first delivery of an idle webhook before all others, however long it is', async () => {
    await queue.enqueue(Array.from({ length: LINE_LIMIT }, (_, index) => ({ id: `other-${String(index)}` })));
    await queue.line.read();
    await accepting(failed('a'), failed('b'), failed('c'));
    await accept.idle();
    const [first, ...parked] = await deliveryIds();
    expect((await queued()).slice(0, 2)).toEqual([first, 'other-0']);
    expect(await stagesOf(parked)).toEqual(['parked', 'parked']);
  });

  test('gets as many deliveries as have slots while it is short', async () => {
    await accepting(failed('a'), failed('b'), failed('c'));
    await accept.idle();
    expect(await queued()).toEqual(await deliveryIds());
  });
});

describe('while Redis is away', () => {
  test('events are accepted, and the reconciler will find their deliveries (I1)', async () => {
    await proxy.disconnect();
    expect(await accepting(failed('a'))).toEqual([{ id: 'a', status: 'accepted' }]);
    await accept.idle();
    expect(warnings).toHaveLength(2);
    const { rows } = await database.pool.query(
      "SELECT stage::text, next_attempt_at <= now() AS due, wake_at < now() + interval '1 min' AS woken_soon FROM pending_deliveries",
    );
    expect(rows).toEqual([{ stage: 'admitted', due: true, woken_soon: true }]);
  });

  test('accepting does not wait for it', async () => {
    proxy.freeze();
    expect(await accepting(failed('a'))).toEqual([{ id: 'a', status: 'accepted' }]);
    expect(warnings).toEqual([]);
    await proxy.restore();
  });
});

describe('an event whose id was accepted before', () => {
  test('is repeated: nothing is written, enqueued or announced again', async () => {
    await accepting(failed('a', 'first'));
    expect(await accepting(failed('a', 'first'))).toEqual([{ id: 'a', status: 'repeated' }]);
    expect(await accepting(failed('a', 'first'), failed('b'))).toEqual([
      { id: 'a', status: 'repeated' },
      { id: 'b', status: 'accepted' },
    ]);
    await accept.idle();
    expect((await logged()).map(({ id, data }) => [id, JSON.parse(data) as unknown])).toMatchObject([
      ['a', { error_message: 'first' }],
      ['b', { error_message: 'gone' }],
    ]);
    expect(await queued()).toHaveLength(2);
    await eventually(() => {
      expect(announced.map((message) => message.map(({ id }) => id))).toEqual([['a'], ['b']]);
    });
  });

  test('is repeated also within one commit, in one call or in several', async () => {
    const calls = [
      accepting(failed('a', 'first'), failed('a', 'first')),
      accepting(failed('b')),
      accepting(failed('a', 'first'), failed('b')),
    ];
    expect((await Promise.all(calls)).map((call) => call.map(({ status }) => status))).toEqual([
      ['accepted', 'repeated'],
      ['accepted'],
      ['repeated', 'repeated'],
    ]);
    expect(await commits()).toBe(1);
    await eventually(() => {
      expect(announced.flat().map(({ id, data }) => [id, JSON.parse(data) as unknown])).toMatchObject([
        ['a', { error_message: 'first' }],
        ['b', { error_message: 'gone' }],
      ]);
    });
  });
});

describe('a system event', () => {
  test('is in the log and announced, and goes to no webhook', async () => {
    await database.prisma.webhook.updateMany({ data: { eventTypes: ['*'] } });
    const data = { user_id: 'alice', webhook_id: 'wh_1', reason: 'gone', disabled_at: '2026-11-24T10:00:00.000Z' };
    await accept([catalog.validateSystemEvent({ type: 'webhook.disabled', data })]);
    await accept.idle();
    expect((await logged()).map(({ type }) => type)).toEqual(['webhook.disabled']);
    expect(await deliveryIds()).toEqual([]);
    await eventually(() => {
      expect(announced.flat()).toMatchObject([{ type: 'webhook.disabled', owner: 'alice' }]);
    });
  });
});

describe('callers at the same time', () => {
  const many = (count: number, from = 0) => Array.from({ length: count }, (_, index) => failed(`evt_${String(from + index)}`));

  test('share a commit, in the order of the calls', async () => {
    const drafts = many(200);
    await Promise.all(drafts.map((draft) => accepting(draft)));
    expect(await commits()).toBe(1);
    expect((await logged()).map(({ id }) => id)).toEqual(drafts.map(({ id }) => id));
  });

  test('share the next commit while one is in progress', async () => {
    const release = await blockCommits();
    const first = accepting(failed('first'));
    await eventually(async () => {
      expect(await blockedCommits()).toBe(1);
    });
    const others = many(200).map((draft) => accepting(draft));
    await release();
    await Promise.all([first, ...others]);
    expect(await commits()).toBe(2);
  });

  test('share a commit of at most 1,000 events, and no call is split', async () => {
    const calls = [many(600), many(600, 600), many(300, 1200)];
    await Promise.all(calls.map((drafts) => accepting(...drafts)));
    expect(await commits()).toBe(2);
    const { rows } = await database.pool.query(
      'SELECT count(*)::int AS count FROM events GROUP BY xmin::text ORDER BY min(position)',
    );
    expect(rows).toEqual([{ count: 600 }, { count: 900 }]);
  });

  test('share a commit of fewer events when the events are large', async () => {
    const data = JSON.stringify('x'.repeat(200_000));
    const [event] = catalog.validate([failed('a')]) as [TidingsEvent];
    await Promise.all(Array.from({ length: 30 }, (_, index) => accept([{ ...event, id: `evt_${String(index)}`, data }])));
    expect(await commits()).toBe(2);
  });
});
