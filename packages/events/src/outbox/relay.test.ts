import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Queue } from 'bullmq';
import fc from 'fast-check';
import {
  createFaultProxy,
  createTestDatabase,
  createTestRedis,
  eventually,
  type FaultProxy,
  type TestDatabase,
} from '@tidings/testing';
import { syncFailed } from '../catalog/sync.js';
import type { EventDraft } from '../event.js';
import { EVENTS_QUEUE } from '../events-queue.js';
import { InvalidEventError } from '../invalid-event-error.js';
import { createPublisher } from '../publisher.js';
import { publishOverHttp } from '../publish-over-http.js';
import { RejectedEventError } from '../rejected-event-error.js';
import { createOutbox } from './outbox.js';
import { outboxTable } from './outbox-table.js';
import { orderPlaced2, versionedCatalog } from '../../test/versioned-catalog.js';
import { createOutboxRelay, type OutboxRelay, type OutboxRelayOptions } from './relay.js';

type Client = Awaited<ReturnType<TestDatabase['connect']>>;

/** So long that no test passes because of a poll. */
const NEVER_MS = 600_000;

let database: TestDatabase;
let proxy: FaultProxy;
let service: Client;
let other: Client;
/** The events that Tidings would have: each id once, in the order of the first publish. */
let tidings: Map<string, EventDraft>;
let relays: OutboxRelay[];
/** By the clock of PostgreSQL, with all its digits. */
let beganAt: string;
let logged: { message: string; details: Record<string, unknown> }[];

beforeAll(async () => {
  database = await createTestDatabase('empty');
  [service, other] = await Promise.all([database.connect(), database.connect()]);
  await service.query(outboxTable());
});
afterAll(() => database.drop());
beforeEach(async () => {
  await service.query('TRUNCATE tidings.outbox');
  proxy = await createFaultProxy(database.url);
  beganAt = (await service.query<{ now: string }>('SELECT clock_timestamp()::text AS now')).rows[0]?.now ?? '';
  tidings = new Map();
  relays = [];
  logged = [];
});
afterEach(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  await proxy.disconnect();
});

const outbox = createOutbox();
const failed = (id: string) => syncFailed({ user_id: 'alice', error_message: 'gone' }, { id });
const take = (events: readonly EventDraft[]): Promise<void> => {
  for (const event of events) if (!tidings.has(String(event.id))) tidings.set(String(event.id), event);
  return Promise.resolve();
};
const taken = () => [...tidings.keys()];
const keep = (message: string, details: object) => void logged.push({ message, details: details as Record<string, unknown> });
const relay = (options: Partial<OutboxRelayOptions> = {}) => {
  const created = createOutboxRelay({
    connect: () => database.connect(proxy.url),
    publish: take,
    log: { warn: keep, error: keep },
    pollMs: NEVER_MS,
    ...options,
  });
  relays.push(created);
  created.start();
  return created;
};
const inTransaction = async (client: Client, work: () => Promise<unknown>, end: 'COMMIT' | 'ROLLBACK' = 'COMMIT') => {
  await client.query('BEGIN');
  await work();
  await client.query(end);
};
const remaining = async () =>
  (await service.query<{ id: string; error: string | null }>('SELECT id, error FROM tidings.outbox ORDER BY position')).rows;
const waitUntilEmpty = (deadlineMs?: number) =>
  eventually(async () => {
    expect(await remaining()).toEqual([]);
  }, deadlineMs);
/** Waits until a relay's connection of this test is idle after a round, and so listens. One of the last test may still be closing. */
const waitUntilListening = () =>
  eventually(async () => {
    const { rows } = await service.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query = 'ROLLBACK' AND state = 'idle'
       AND backend_start > $1`,
      [beganAt],
    );
    expect(rows).not.toEqual([]);
  });

describe('a relay', () => {
  test('moves committed events unchanged, and no events of transactions that were rolled back', async () => {
    await inTransaction(service, () => outbox.publish(service, failed('rolled-back')), 'ROLLBACK');
    const event = syncFailed({ user_id: 'alice', error_message: 'a' }, { id: 'a', timestamp: '2026-03-01T01:30:00.123+02:00' });
    await inTransaction(service, () => outbox.publish(service, [event, failed('b')]));
    relay();
    await waitUntilEmpty();
    expect(taken()).toEqual(['a', 'b']);
    expect(tidings.get('a')).toEqual({ ...event, timestamp: '2026-02-28T23:30:00.123Z' });
  });

  test.each(['1.0', '1e2', '9007199254740993', '12345678901234567890'])(
    'keeps the digits of numbers in rows that a service wrote with SQL, through Redis and over HTTP: %s',
    async (number) => {
      const data = `{"user_id":"alice","items_synced":1,"errors":0,"duration_s":${number}}`;
      await service.query("INSERT INTO tidings.outbox (id, type, data) VALUES ('a', 'sync.completed', $1)", [data]);
      const bodies: string[] = [];
      const receiver = createServer((request, response) => {
        void text(request).then((body) => {
          bodies.push(body);
          response.end();
        });
      }).listen(0, '127.0.0.1');
      await once(receiver, 'listening');
      const { port } = receiver.address() as AddressInfo;
      const redis = createTestRedis();
      const publisher = createPublisher({ redis: redis.url, prefix: redis.prefix });
      const queue = new Queue(EVENTS_QUEUE, { connection: redis.client, prefix: redis.prefix });
      const overHttp = publishOverHttp({ url: `http://127.0.0.1:${String(port)}`, token: 'token' });
      relay({
        publish: async (events) => {
          await publisher.publish(events);
          await overHttp(events);
        },
      });
      await waitUntilEmpty();
      expect(bodies).toEqual([expect.stringContaining(`"data":${data}`)]);
      expect((await queue.getWaiting()).map((job) => (job.data as { data: string }).data)).toEqual([data]);
      await Promise.all([publisher.close(), queue.close()]);
      await redis.drop();
      receiver.closeAllConnections();
      receiver.close();
    },
  );

  test.each([
    [
      'a name twice',
      '{"user_id":"alice","error_message":"","error_message":"x"}',
      'data.error_message: is in the same object more than once',
    ],
    ['a member __proto__', '{"user_id":"alice","error_message":"","__proto__":1}', 'data.__proto__: is a name'],
    ['half of a surrogate pair', '{"user_id":"alice","error_message":"\\ud83d"}', 'data.error_message: holds half'],
    ['a number that is too large', '{"user_id":"alice","error_message":1e400}', 'data.error_message: is too large'],
  ])('rejects a row with %s, and moves the others', async (_what, data, error) => {
    await service.query("INSERT INTO tidings.outbox (id, type, data) VALUES ('wrong', 'sync.failed', $1)", [data]);
    await outbox.publish(service, failed('right'));
    relay();
    await eventually(async () => {
      expect(await remaining()).toEqual([{ id: 'wrong', error: expect.stringContaining(error) }]);
    });
    expect(taken()).toEqual(['right']);
  });

  test('moves the version of each event, also of one that another language wrote', async () => {
    await createOutbox({ catalog: versionedCatalog }).publish(
      service,
      orderPlaced2({ org_id: 'acme', total: '12.00' }, { id: 'order-2' }),
    );
    await service.query(`
      INSERT INTO tidings.outbox (id, type, data) VALUES ('order-3', 'order.placed@3', '{"org_id":"acme"}'), ('order', 'order.placed', '{}')`);
    relay();
    await waitUntilEmpty();
    expect([...tidings.values()].map(({ id, type, version }) => ({ id, type, version }))).toEqual([
      { id: 'order-2', type: 'order.placed', version: 2 },
      { id: 'order-3', type: 'order.placed', version: 3 },
      { id: 'order', type: 'order.placed', version: undefined },
    ]);
  });

  test('is notified of a commit, and does not wait for its next poll', async () => {
    relay();
    await waitUntilListening();
    await inTransaction(service, () => outbox.publish(service, failed('a')));
    await waitUntilEmpty();
    expect(taken()).toEqual(['a']);
  });

  test('polls, when it is not notified', async () => {
    relay({ pollMs: 50 });
    await waitUntilListening();
    await createOutbox({ notify: false }).publish(service, failed('a'));
    await waitUntilEmpty();
    expect(taken()).toEqual(['a']);
  });

  test('works with a connection that can only run statements', async () => {
    const connect = async () => {
      const client = await database.connect();
      return { query: (text: string, values?: unknown[]) => client.query(text, values), end: () => client.end() };
    };
    relay({ connect, pollMs: 50 });
    await outbox.publish(service, failed('a'));
    await waitUntilEmpty();
    expect(taken()).toEqual(['a']);
  });

  test('may publish to the queue', async () => {
    const redis = createTestRedis();
    const publisher = createPublisher({ redis: redis.url, prefix: redis.prefix });
    const queue = new Queue(EVENTS_QUEUE, { connection: redis.client, prefix: redis.prefix });
    await outbox.publish(service, [failed('a'), failed('b')]);
    relay({ publish: publisher.publish });
    await waitUntilEmpty();
    expect((await queue.getWaiting()).map(({ id }) => id)).toEqual(['event-a', 'event-b']);
    await Promise.all([publisher.close(), queue.close()]);
    await redis.drop();
  });

  test('moves at most 1,000 events and about 1 MB at once', async () => {
    const counts: number[] = [];
    await outbox.publish(
      service,
      Array.from({ length: 1500 }, (_, index) => failed(String(index))),
    );
    // Larger than any event of the shipped catalog may be.
    await service.query(
      `INSERT INTO tidings.outbox (id, type, data)
       SELECT id, 'sync.failed', json_build_object('error_message', repeat('x', 250000)) FROM unnest('{a,b,c,d}'::text[]) AS id`,
    );
    const publish = (events: readonly EventDraft[]) => {
      counts.push(events.length);
      expect(JSON.stringify({ events }).length).toBeLessThan(2 ** 20);
      return take(events);
    };
    relay({ publish });
    await waitUntilEmpty();
    expect(counts).toEqual([1000, 503, 1]);
    expect(taken()).toEqual([...Array.from({ length: 1500 }, (_, index) => String(index)), 'a', 'b', 'c', 'd']);
  });
});

describe('the order of events', () => {
  test('is the order in which transactions committed, not the order in which they published', async () => {
    await service.query('BEGIN');
    await outbox.publish(service, failed('long-1'));
    await inTransaction(other, () => outbox.publish(other, [failed('short-1'), failed('short-2')]));
    await outbox.publish(service, failed('long-2'));
    await service.query('COMMIT');
    relay();
    await waitUntilEmpty();
    expect(taken()).toEqual(['short-1', 'short-2', 'long-1', 'long-2']);
  });

  test('includes events of a transaction that commits late', async () => {
    relay();
    await service.query('BEGIN');
    await outbox.publish(service, failed('long'));
    await inTransaction(other, () => outbox.publish(other, failed('short')));
    await eventually(() => {
      expect(taken()).toEqual(['short']);
    });
    await service.query('COMMIT');
    await waitUntilEmpty();
    expect(taken()).toEqual(['short', 'long']);
  });

  test('is kept by two relays, of which one moves events at a time', async () => {
    let atOnce = 0;
    let most = 0;
    let calls = 0;
    const publish = async (events: readonly EventDraft[]) => {
      calls += events.length;
      most = Math.max(most, (atOnce += 1));
      await take(events);
      // The other relay polls in the meantime.
      await other.query('SELECT pg_sleep(0.03)');
      atOnce -= 1;
    };
    relay({ publish, pollMs: 5 });
    relay({ publish, pollMs: 5 });
    const ids = Array.from({ length: 20 }, (_, index) => String(index));
    for (const id of ids) await outbox.publish(service, failed(id));
    await waitUntilEmpty();
    expect({ taken: taken(), most, calls }).toEqual({ taken: ids, most: 1, calls: 20 });
  });
});

describe('an event that Tidings rejects', () => {
  const rejectedIds = ['3', '4', '9'];
  const reject = (events: readonly EventDraft[]) => {
    const bad = events.filter(({ id }) => rejectedIds.includes(String(id)));
    return bad.length > 0 ? Promise.reject(new RejectedEventError(`${String(bad[0]?.id)} is taken`)) : take(events);
  };

  test('stays in the outbox with the reason, and does not block the others', async () => {
    const outcomes: Record<string, number> = {};
    const observe = (outcome: string, count: number) => void (outcomes[outcome] = (outcomes[outcome] ?? 0) + count);
    await outbox.publish(
      service,
      Array.from({ length: 12 }, (_, index) => failed(String(index))),
    );
    relay({ publish: reject, observe });
    await eventually(async () => {
      expect(await remaining()).toEqual(rejectedIds.map((id) => ({ id, error: `${id} is taken` })));
    });
    expect(taken()).toEqual(['0', '1', '2', '5', '6', '7', '8', '10', '11']);
    await eventually(() => {
      expect(logged.map(({ details }) => details)).toEqual(rejectedIds.map((id) => ({ event_id: id, reason: `${id} is taken` })));
    });
    expect(outcomes).toEqual({ relayed: 9, rejected: 3 });
  });

  test('is published again when rejected_at is reset', async () => {
    await outbox.publish(service, failed('3'));
    relay({ publish: reject, pollMs: 50 });
    await eventually(async () => {
      expect(await remaining()).toMatchObject([{ error: '3 is taken' }]);
    });
    await service.query("UPDATE tidings.outbox SET rejected_at = NULL, id = '3-again' WHERE id = '3'");
    await waitUntilEmpty();
    expect(taken()).toEqual(['3-again']);
  });

  test('may have a reason with characters that PostgreSQL cannot store', async () => {
    await outbox.publish(service, failed('a'));
    relay({
      publish: () => Promise.reject(new InvalidEventError([{ field: 'data.\u0000\ud800', message: 'is not a known field' }])),
    });
    await eventually(async () => {
      expect(await remaining()).toEqual([{ id: 'a', error: 'data.\uFFFD\uFFFD: is not a known field' }]);
    });
  });
});

describe('a relay continues after failures, and loses or duplicates no event', () => {
  test('when its connection breaks between publishing and deleting: it publishes the same ids again', async () => {
    const calls: string[] = [];
    let breaks = 2;
    const publish = async (events: readonly EventDraft[]) => {
      await take(events);
      calls.push(events.map(({ id }) => String(id)).join());
      if (breaks-- > 0) {
        await proxy.disconnect();
        await proxy.restore();
      }
    };
    await outbox.publish(service, [failed('a'), failed('b')]);
    relay({ publish });
    await waitUntilEmpty();
    expect(calls).toEqual(['a,b', 'a,b', 'a,b']);
    expect(taken()).toEqual(['a', 'b']);
    expect(logged).toHaveLength(2);
  });

  test('when Tidings is away: only events that were published are deleted', async () => {
    let away = true;
    const publish = (events: readonly EventDraft[]) => {
      if (events.some(({ id }) => id === 'bad')) return Promise.reject(new RejectedEventError('bad'));
      if (away && events.some(({ id }) => id === 'b')) return Promise.reject(new Error('away'));
      return take(events);
    };
    await outbox.publish(service, [failed('a'), failed('bad'), failed('b')]);
    relay({ publish });
    await eventually(() => {
      expect(logged).toContainEqual({
        message: 'An outbox could not be relayed; it is tried again.',
        details: { error: new Error('away'), retry_in_ms: expect.any(Number) },
      });
    });
    expect(await remaining()).toEqual([
      { id: 'bad', error: 'bad' },
      { id: 'b', error: null },
    ]);
    expect(taken()).toEqual(['a']);
    away = false;
    await eventually(() => {
      expect(taken()).toEqual(['a', 'b']);
    });
  });

  test('when its database is away, at the start and later', async () => {
    await proxy.disconnect();
    relay();
    await eventually(() => {
      expect(logged.length).toBeGreaterThan(0);
    });
    await outbox.publish(service, failed('a'));
    await proxy.restore();
    await waitUntilEmpty();
    await waitUntilListening();
    await proxy.disconnect();
    await outbox.publish(service, failed('b'));
    await proxy.restore();
    await waitUntilEmpty();
    expect(taken()).toEqual(['a', 'b']);
  });

  test('when there is no outbox yet, with a hint in the log', async () => {
    const empty = await createTestDatabase('empty');
    relay({ connect: () => empty.connect() });
    await eventually(() => {
      expect(logged[0]?.details['hint']).toMatch('There is no tidings.outbox in that database');
    });
    const client = await empty.connect();
    await client.query(outboxTable());
    await outbox.publish(client, failed('a'));
    await eventually(() => {
      expect(taken()).toEqual(['a']);
    });
    await relays[0]?.stop();
    await empty.drop();
  });

  test('when its role lacks rights, with a hint in the log', async () => {
    const role = `reader_${database.url.slice(-8)}`;
    await service.query(`CREATE ROLE ${role}`);
    await outbox.publish(service, failed('a'));
    const connect = async () => {
      const client = await database.connect();
      await client.query(`SET ROLE ${role}`);
      return client;
    };
    const hints = () => logged.map(({ details }) => details['hint']);
    relay({ connect });
    await eventually(() => {
      expect(hints()).toContainEqual(expect.stringContaining("The relay's role needs USAGE on the schema tidings"));
    });
    await service.query(`GRANT USAGE ON SCHEMA tidings TO ${role}; GRANT SELECT, UPDATE, DELETE ON tidings.outbox TO ${role}`);
    await waitUntilEmpty();
    await service.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  test('until it is stopped, after the current round', async () => {
    let finish: (() => void) | undefined;
    const publish = async (events: readonly EventDraft[]) => {
      await new Promise<void>((resolve) => (finish = resolve));
      await take(events);
    };
    await outbox.publish(service, failed('a'));
    const stopped = relay({ publish });
    await eventually(() => {
      expect(finish).toBeDefined();
    });
    const stopping = stopped.stop();
    finish?.();
    await stopping;
    expect(taken()).toEqual(['a']);
    expect(await remaining()).toEqual([]);
  });

  test('until it is stopped, also when its database hangs', async () => {
    let inFlight = 0;
    const connect = async () => {
      const client = await database.connect(proxy.url);
      const query = async (text: string, values?: unknown[]) => {
        inFlight += 1;
        const answer = await client.query(text, values);
        inFlight -= 1;
        return answer;
      };
      return { query, end: () => client.end() };
    };
    const stopped = relay({ connect, pollMs: 5 });
    await waitUntilListening();
    proxy.freeze();
    await eventually(() => {
      expect(inFlight).toBe(1);
    });
    await stopped.stop();
    expect(logged).toEqual([]);
  });
});

describe('events that Tidings does not accept in time', () => {
  const timeout = () => Promise.reject(new Error('canceling statement due to statement timeout'));

  test('are published in smaller and smaller batches, which grow again', async () => {
    const sizes: number[] = [];
    let most = 100;
    const publish = (events: readonly EventDraft[]) => {
      sizes.push(events.length);
      return events.length > most ? timeout() : take(events);
    };
    const ids = Array.from({ length: 3000 }, (_, index) => String(index));
    await outbox.publish(
      service,
      ids.map((id) => failed(id)),
    );
    relay({ publish, maxRetryMs: 5 });
    await eventually(() => {
      expect(taken().length).toBeGreaterThan(500);
    });
    most = 1000;
    // Three thousand rows took half a minute on a busy machine.
    await waitUntilEmpty(90_000);
    expect(taken()).toEqual(ids);
    expect(sizes.slice(0, 6)).toEqual([1000, 500, 250, 125, 62, 70]);
    expect(Math.max(...sizes.slice(6))).toBeGreaterThan(125);
  });

  test('are published down to one at a time', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => String(index));
    await outbox.publish(
      service,
      ids.map((id) => failed(id)),
    );
    relay({ publish: (events) => (events.length > 1 ? timeout() : take(events)), maxRetryMs: 5 });
    await waitUntilEmpty();
    expect(taken()).toEqual(ids);
  });

  test('do not hold up the others for good: one that fails alone is rejected once the event behind it is accepted', async () => {
    await outbox.publish(service, ['a', 'b', 'c', 'd'].map(failed));
    const tried: string[] = [];
    const publish = (events: readonly EventDraft[]) => {
      tried.push(events.map(({ id }) => id).join());
      return events.some(({ id }) => id === 'b') ? timeout() : take(events);
    };
    relay({ publish, maxRetryMs: 5 });
    await eventually(async () => {
      expect(await remaining()).toEqual([
        {
          id: 'b',
          error: expect.stringMatching(/^could not be published although .*: canceling statement due to statement timeout$/),
        },
      ]);
    });
    expect(taken()).toEqual(['a', 'c', 'd']);
    expect(tried).toEqual(['a,b,c,d', 'a,b', 'a', 'b,c', ...Array<string>(10).fill('b'), 'c', 'b', 'd']);
    expect(logged.at(-1)?.details).toMatchObject({ event_id: 'b' });
  });

  test('are not rejected while Tidings accepts no event at all', async () => {
    let tries = 0;
    let away = true;
    await outbox.publish(service, ['a', 'b', 'c'].map(failed));
    relay({
      publish: (events) => {
        tries += 1;
        return away ? timeout() : take(events);
      },
      maxRetryMs: 5,
    });
    await eventually(() => {
      expect(tries).toBeGreaterThan(40);
    }, 50_000);
    expect(await remaining()).toEqual(['a', 'b', 'c'].map((id) => ({ id, error: null })));
    away = false;
    await waitUntilEmpty();
    expect(taken().sort()).toEqual(['a', 'b', 'c']);
  });
});

test('publishes exactly the committed events, each once, through any commits, rollbacks and crashes', async () => {
  const step = fc.record({
    client: fc.nat(1),
    act: fc.constantFrom('publish', 'publish', 'publish', 'savepoint', 'undo', 'commit', 'commit', 'rollback', 'break'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      tidings.clear();
      const moving = relay({
        publish: async (events) => {
          await take(events);
          if (crash) await proxy.disconnect();
        },
        pollMs: 5,
      });
      let crash = false;
      let count = 0;
      const committed: string[] = [];
      const writers = [service, other].map((client) => ({
        client,
        open: false,
        ids: [] as string[],
        saved: undefined as number | undefined,
      }));
      const end = async (writer: (typeof writers)[number], how: 'COMMIT' | 'ROLLBACK') => {
        if (!writer.open) return;
        await writer.client.query(how);
        if (how === 'COMMIT') committed.push(...writer.ids);
        Object.assign(writer, { open: false, ids: [], saved: undefined });
      };
      for (const { client: which, act } of steps) {
        const writer = writers[which] as (typeof writers)[number];
        if (!writer.open && act !== 'break') {
          await writer.client.query('BEGIN');
          writer.open = true;
        }
        if (act === 'publish') {
          const id = String((count += 1));
          await outbox.publish(writer.client, failed(id));
          writer.ids.push(id);
        } else if (act === 'savepoint') {
          await writer.client.query('SAVEPOINT here');
          writer.saved = writer.ids.length;
        } else if (act === 'undo' && writer.saved !== undefined) {
          await writer.client.query('ROLLBACK TO SAVEPOINT here');
          writer.ids.length = writer.saved;
        } else if (act === 'break') {
          crash = !crash;
          await proxy.disconnect();
          await proxy.restore();
        } else await end(writer, act === 'commit' ? 'COMMIT' : 'ROLLBACK');
      }
      for (const writer of writers) await end(writer, 'COMMIT');
      crash = false;
      await proxy.restore();
      await waitUntilEmpty();
      await moving.stop();
      expect([...taken()].sort()).toEqual([...committed].sort());
    }),
    { numRuns: 10 },
  );
});
