import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { openDatabase } from '../database.js';
import { claimDeliveries } from './claim-deliveries.js';
import { expandNext, type Expanded } from './expand-events.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const set = (change: string) => log.pool.query(change);
/** Adds webhooks named `prefix` and a number, which sorts. */
const addWebhooks = (count: number, { prefix = 'wh', owner = 'alice', types = ['*'], ordering = 'unordered' } = {}) =>
  log.pool.query(
    `INSERT INTO webhooks (id, owner, url, event_types, sealed_secret, ordering)
     SELECT $2 || '_' || lpad(n::text, 4, '0'), $3, 'https://example.com', $4, '', $5::webhook_ordering FROM generate_series(1, $1::int) AS n`,
    [count, prefix, owner, types, ordering],
  );
/** Notes that an accepted event is to be expanded, whatever its audience, and returns its position. */
const expandLater = async (id: string, owner: string | null = null) => {
  const { rows } = await log.pool.query<{ position: string }>(
    `WITH event AS (
       INSERT INTO events (id, type, owner, data, timestamp, accepted_at, position)
       SELECT $1, 'sync.completed', $2, '{}', now(), now(), nextval('events_position_seq') RETURNING *
     )
     INSERT INTO expansions (event_position, event_id, event_type, owner, accepted_at, patterns)
     SELECT position, id, type, owner, accepted_at, '{*, sync.*, sync.completed}' FROM event RETURNING event_position AS position`,
    [id, owner],
  );
  return Number(rows[0]?.position);
};
const expand = (limit?: number) => expandNext(log.pool, limit === undefined ? {} : { limit });
/** Expands until there is nothing to expand, and returns the chunks. */
const expandAll = async (limit?: number) => {
  const chunks: Expanded[] = [];
  for (let chunk = await expand(limit); chunk; chunk = await expand(limit)) chunks.push(chunk);
  return chunks;
};
const receivers = async () => (await log.deliveries()).map(({ webhook_id: id }) => id);
const written = (chunks: readonly Expanded[]) => chunks.reduce((sum, chunk) => sum + chunk.written.deliveries, 0);

describe('expanding an event', () => {
  test('writes a delivery for each webhook that matches, in chunks, each with its cursor in one commit', async () => {
    await addWebhooks(10);
    const position = await expandLater('many');
    const chunk = { position, eventType: 'sync.completed', done: false };
    expect(await expandAll(4)).toEqual([
      // The fifo webhooks first: there is none.
      { ...chunk, written: { deliveries: 0, skipped: 0 } },
      { ...chunk, written: { deliveries: 4, skipped: 0 } },
      { ...chunk, written: { deliveries: 4, skipped: 0 } },
      { ...chunk, written: { deliveries: 2, skipped: 0 }, done: true },
    ]);
    expect(await receivers()).toHaveLength(10);
    expect(new Set(await receivers()).size).toBe(10);
    expect(await expand()).toBeNull();
  });

  test('ends when the last chunk was just full', async () => {
    await addWebhooks(4);
    await expandLater('many');
    expect((await expandAll(2)).map(({ written: { deliveries }, done }) => [deliveries, done])).toEqual([
      [0, false],
      [2, false],
      [2, false],
      [0, true],
    ]);
  });

  test('parks the deliveries, due now, with the time and place of the event: webhooks take turns', async () => {
    await addWebhooks(1);
    const position = await expandLater('many');
    await set(
      "UPDATE events SET accepted_at = accepted_at - interval '10 s'; UPDATE expansions SET accepted_at = accepted_at - interval '10 s'",
    );
    await expandAll();
    expect(await log.deliveries()).toMatchObject([
      {
        event_id: 'many',
        owner: 'alice',
        event_type: 'sync.completed',
        status: 'pending',
        stage: 'parked',
        priority: 0,
        attempt_count: 0,
      },
    ]);
    const { rows } = await log.pool.query(
      `SELECT d.event_position::int AS position, p.event_position::int AS pending_position, d.created_at = accepted_at AS dated,
         p.created_at = accepted_at AS pending_dated, p.generation, p.wake_at, d.id >= delivery_id_floor(accepted_at) AS placed
       FROM deliveries d JOIN pending_deliveries p ON delivery_id = d.id JOIN events ON events.id = event_id`,
    );
    expect(rows).toEqual([
      { position, pending_position: position, dated: true, pending_dated: true, generation: 1, wake_at: null, placed: true },
    ]);
  });

  test('sends it like any other delivery', async () => {
    await addWebhooks(1);
    await expandLater('many');
    await expandAll();
    const next = [{ webhookId: 'wh_0001', count: 1 }];
    const claims = await claimDeliveries(log.pool, [], { leaseMs: 60_000, wakeAfterMs: 1000, next });
    expect(claims).toMatchObject([{ state: 'claimed', eventId: 'many', eventData: '{}' }]);
  });

  test('shows how many deliveries are written, until all are', async () => {
    await addWebhooks(5);
    const position = await expandLater('many');
    const progress = async (): Promise<unknown> =>
      (await log.pool.query('SELECT deliveries FROM expansions WHERE event_position = $1', [position])).rows[0] ?? null;
    expect(await progress()).toEqual({ deliveries: 0 });
    await expand(3);
    await expand(3);
    expect(await progress()).toEqual({ deliveries: 3 });
    await expandAll(3);
    expect(await progress()).toBeNull();
  });

  test('is done at once when no webhook is left', async () => {
    await expandLater('nobody');
    expect((await expandAll()).map(({ done }) => done)).toEqual([false, true]);
    expect(await expand()).toBeNull();
  });

  test('for one owner writes the deliveries of that owner only (I7)', async () => {
    await addWebhooks(3, { prefix: 'hers' });
    await addWebhooks(3, { prefix: 'his', owner: 'bob' });
    await addWebhooks(2, { prefix: 'fifo', owner: 'bob', ordering: 'fifo' });
    await addWebhooks(1, { prefix: 'her_fifo', ordering: 'fifo' });
    await expandLater('hers', 'alice');
    await expandAll(2);
    expect(await receivers()).toEqual(['her_fifo_0001', 'hers_0001', 'hers_0002', 'hers_0003']);
  });

  test('writes one delivery for a webhook that matches by several patterns', async () => {
    await addWebhooks(5, { types: ['*', 'sync.*', 'sync.completed'] });
    await expandLater('many');
    await expandAll(2);
    expect(await receivers()).toHaveLength(5);
  });

  test('takes the events in the order of the log', async () => {
    await addWebhooks(3);
    const [first, second] = [await expandLater('first'), await expandLater('second')];
    const order = (await expandAll(2)).filter((chunk) => chunk.written.deliveries > 0).map(({ position }) => position);
    expect(order).toEqual([first, first, second, second]);
  });
});

describe('the webhooks that an expanded event goes to', () => {
  test('are those that were registered or enabled before it', async () => {
    await addWebhooks(2, { prefix: 'before' });
    await addWebhooks(1, { prefix: 'enabled' });
    await expandLater('many');
    await addWebhooks(2, { prefix: 'after' });
    await set("UPDATE webhooks SET enabled = false WHERE id = 'enabled_0001'");
    await set("UPDATE webhooks SET enabled = true WHERE id = 'enabled_0001'");
    await expandAll();
    expect(await receivers()).toEqual(['before_0001', 'before_0002']);
  });

  test('are decided chunk by chunk, by the types and the state that they have then', async () => {
    await addWebhooks(6);
    await log.addWebhook('wh_0007', { eventTypes: ['gaps.*'] });
    await expandLater('many');
    await expand(2);
    await expand(2);
    await set("UPDATE webhooks SET event_types = '{gaps.*}' WHERE id IN ('wh_0001', 'wh_0003')");
    await set("UPDATE webhooks SET event_types = '{sync.*}' WHERE id = 'wh_0007'");
    await set("DELETE FROM webhooks WHERE id = 'wh_0004'");
    await set("UPDATE webhooks SET enabled = false WHERE id = 'wh_0005'");
    await expandAll(2);
    expect(await receivers()).toEqual(['wh_0001', 'wh_0002', 'wh_0006', 'wh_0007']);
  });

  test('that Tidings disabled get it as skipped', async () => {
    await addWebhooks(2);
    await expandLater('many');
    await set("UPDATE webhooks SET enabled = false, disabled_reason = 'failing' WHERE id = 'wh_0001'");
    const chunks = await expandAll();
    expect(chunks.at(-1)?.written).toEqual({ deliveries: 2, skipped: 1 });
    expect(await log.deliveries()).toMatchObject([
      { webhook_id: 'wh_0001', status: 'skipped', stage: null, finished: true },
      { webhook_id: 'wh_0002', status: 'pending', stage: 'parked', finished: false },
    ]);
  });
});

describe('fifo webhooks', () => {
  test('come first, of all events', async () => {
    await addWebhooks(3, { prefix: 'a' });
    await addWebhooks(3, { prefix: 'fifo', ordering: 'fifo' });
    await expandLater('first');
    await expandLater('second');
    const order: string[][] = [];
    for (let count = 0; count < 4; count += 1) {
      await expand(2);
      order.push((await log.deliveries()).map(({ event_id: event, webhook_id: id }) => `${event} ${id}`));
    }
    const fifo = (event: string, last: number) => Array.from({ length: last }, (_, n) => `${event} fifo_000${String(n + 1)}`);
    expect(order).toEqual([
      fifo('first', 2),
      fifo('first', 3),
      [...fifo('first', 3), ...fifo('second', 2)],
      [...fifo('first', 3), ...fifo('second', 3)],
    ]);
    await expandAll(2);
    expect(await receivers()).toHaveLength(12);
  });

  test('are not sent what comes behind an event before that one is written for them', async () => {
    await addWebhooks(1, { prefix: 'fifo', ordering: 'fifo' });
    await expandLater('first');
    await log.accept({ id: 'second', owner: null });
    const [second] = await log.deliveries();
    const claim = (id: string) => claimDeliveries(log.pool, [id], { leaseMs: 60_000, wakeAfterMs: 1000 });
    expect(await claim(second?.id ?? '')).toEqual([]);
    await expandAll();
    expect(await claim(second?.id ?? '')).toEqual([]);
    const first = (await log.deliveries()).find(({ event_id: event }) => event === 'first');
    expect(await claim(first?.id ?? '')).toMatchObject([{ state: 'claimed' }]);
  });

  test('that became fifo behind the cursor of the fifo webhooks are looked at again, and nobody gets two', async () => {
    await addWebhooks(3, { prefix: 'a' });
    await addWebhooks(3, { prefix: 'fifo', ordering: 'fifo' });
    await expandLater('many');
    await expand(2);
    await expand(2);
    // The fifo webhooks are done, and the others have begun.
    await expand(2);
    await set("UPDATE webhooks SET ordering = 'fifo' WHERE id IN ('a_0001', 'a_0003')");
    const { rows } = await set('SELECT fifo_done FROM expansions');
    expect(rows).toEqual([{ fifo_done: false }]);
    await expandAll(2);
    expect((await receivers()).sort()).toEqual(['a_0001', 'a_0002', 'a_0003', 'fifo_0001', 'fifo_0002', 'fifo_0003']);
  });

  test('that became unordered get it with the others', async () => {
    await addWebhooks(2, { prefix: 'fifo', ordering: 'fifo' });
    await expandLater('many');
    await set("UPDATE webhooks SET ordering = 'unordered'");
    await expandAll();
    expect(await receivers()).toEqual(['fifo_0001', 'fifo_0002']);
  });
});

describe('several expanders', () => {
  test('take different events: one that is held is left to its holder', async () => {
    await addWebhooks(2);
    const [first, second] = [await expandLater('first'), await expandLater('second')];
    const held = 'SELECT FROM expansions WHERE event_position = $1 FOR UPDATE';
    expect(await log.whileHeld(held, [first], () => expand())).toMatchObject({ position: second });
    expect(await log.whileHeld('SELECT FROM expansions FOR UPDATE', [], () => expand())).toBeNull();
  });

  test('write each delivery exactly once, however many there are', async () => {
    await addWebhooks(6);
    await addWebhooks(9, { prefix: 'fifo', ordering: 'fifo' });
    const rounds = Array.from({ length: 20 }, (_, number) => number);
    const worker = async (chunks: Expanded[]) => {
      while (((await set('SELECT FROM expansions')).rowCount ?? 0) > 0) {
        const chunk = await expand(3);
        if (chunk) chunks.push(chunk);
      }
    };
    for (const round of rounds) {
      for (const id of ['a', 'b', 'c']) await expandLater(`${id}_${String(round)}`);
      const chunks: Expanded[] = [];
      await Promise.all([1, 2, 3, 4].map(() => worker(chunks)));
      expect(written(chunks)).toBe(45);
    }
    const { rows } = await log.pool.query(
      `SELECT DISTINCT events, webhooks FROM (
         SELECT count(*)::int AS events, count(DISTINCT webhook_id)::int AS webhooks FROM deliveries GROUP BY event_id
       ) AS counts`,
    );
    expect(rows).toEqual([{ events: 15, webhooks: 15 }]);
    expect((await set('SELECT FROM pending_deliveries')).rowCount).toBe(45 * rounds.length);
  });

  test('continue behind the last commit of one that was killed', async () => {
    await addWebhooks(10);
    await expandLater('many');
    await expand(4);
    await expand(4);
    const killed = openDatabase({ url: log.url, maxConnections: 1 });
    const client = await killed.pool.connect();
    await client.query('BEGIN');
    await expandNext(client, { limit: 4 });
    client.release(true);
    await killed.close();
    while ((await set('SELECT FROM expansions')).rowCount === 1) await expand(4);
    expect(await receivers()).toHaveLength(10);
    expect(new Set(await receivers()).size).toBe(10);
  });
});
