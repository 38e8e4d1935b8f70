import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { openLog, WAKE_AFTER_S, type TestLog } from '../../test/log.js';
import { acceptEvents, type NewEvent } from './accept-events.js';
import { readEvents } from './read-events.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const receivers = async () => (await log.deliveries()).map(({ webhook_id: id }) => id);
const readAll = () => readEvents(log.pool, { after: 0, limit: 1000 });
const event = (id: string, more: Partial<NewEvent> = {}): NewEvent => ({
  id,
  type: 'sync.completed',
  userId: 'alice',
  timestamp: '2026-03-01T00:00:00.000Z',
  data: '{}',
  ...more,
});
const options = { patterns: new Map([['sync.completed', ['*']]]), wakeAfterMs: 1000 };

describe('an accepted event', () => {
  test('is written as it came, to the byte', async () => {
    const data = '{ "b":1.0,"a": "\\u0000\\ud800 é", "a":2 }';
    await log.accept({ id: 'one', type: 'gaps.updated', timestamp: '2026-03-01T01:00:00.125+02:00', data });
    expect(await readAll()).toEqual([
      {
        id: 'one',
        position: expect.any(Number),
        type: 'gaps.updated',
        userId: 'alice',
        timestamp: '2026-02-28T23:00:00.125Z',
        data,
      },
    ]);
  });

  test('has a delivery to each webhook whose patterns mean its type: exactly, by prefix, or all', async () => {
    await log.addWebhook('exact', { eventTypes: ['sync.completed'] });
    await log.addWebhook('prefix', { eventTypes: ['sync.*'] });
    await log.addWebhook('all', { eventTypes: ['*'] });
    await log.addWebhook('several', { eventTypes: ['gaps.updated', 'sync.*', 'sync.completed'] });
    await log.addWebhook('other', { eventTypes: ['sync.failed', 'gaps.*', 'sync'] });
    await log.addWebhook('nothing', { eventTypes: [] });
    await log.accept({ type: 'sync.completed' });
    expect(await receivers()).toEqual(['all', 'exact', 'prefix', 'several']);
  });

  test('has none to a webhook that is disabled', async () => {
    await log.addWebhook('off', { enabled: false });
    await log.accept({});
    expect(await receivers()).toEqual([]);
  });

  test('of one user goes to the webhooks of that user only (I7)', async () => {
    await log.addWebhook('hers');
    await log.addWebhook('his', { userId: 'bob' });
    await log.accept({ userId: 'alice' });
    expect(await receivers()).toEqual(['hers']);
  });

  test('of everyone goes to the webhooks of all, and each delivery belongs to the owner of its webhook', async () => {
    await log.addWebhook('hers');
    await log.addWebhook('his', { userId: 'bob' });
    await log.addWebhook('off', { userId: 'bob', enabled: false });
    await log.addWebhook('other', { userId: 'bob', eventTypes: ['gaps.*'] });
    await log.accept({ userId: null });
    expect((await log.deliveries()).map(({ webhook_id: id, user_id: userId }) => [id, userId])).toEqual([
      ['hers', 'alice'],
      ['his', 'bob'],
    ]);
  });

  test('has deliveries that are pending, due at once, and looked at again although nobody enqueues them (I2)', async () => {
    await log.addWebhook('one');
    const [accepted] = await log.accept({ id: 'a', type: 'gaps.updated' });
    expect(await log.deliveries()).toEqual([
      {
        id: accepted?.deliveryIds[0],
        event_id: 'a',
        webhook_id: 'one',
        user_id: 'alice',
        event_type: 'gaps.updated',
        status: 'pending',
        attempt_count: 0,
        lease_token: null,
        next_attempt_in: 0,
        wake_in: WAKE_AFTER_S,
        finished: false,
      },
    ]);
  });

  test('is answered with its own deliveries, and with none when no webhook matches', async () => {
    await log.addWebhook('syncs', { eventTypes: ['sync.*'] });
    await log.addWebhook('all');
    const answers = await log.accept({ id: 'a' }, { id: 'b', type: 'gaps.updated' }, { id: 'c', userId: 'bob' });
    const deliveries = await log.deliveries();
    const idsOf = (eventId: string) => deliveries.filter((row) => row.event_id === eventId).map(({ id }) => id);
    expect(answers.map(({ id, deliveryIds }) => [id, deliveryIds.sort()])).toEqual([
      ['a', idsOf('a').sort()],
      ['b', idsOf('b')],
      ['c', []],
    ]);
    expect(deliveries).toHaveLength(3);
  });
});

describe('a repeated id', () => {
  test('is the same event: missing from the answer, and nothing of it is written', async () => {
    await log.addWebhook('one');
    await log.accept({ id: 'a', data: '{"n":1}' });
    const answers = await log.accept({ id: 'a', data: '{"n":2}', userId: 'bob' }, { id: 'b' });
    expect(answers.map(({ id }) => id)).toEqual(['b']);
    expect((await readAll()).map(({ id, data }) => [id, data])).toEqual([
      ['a', '{"n":1}'],
      ['b', '{}'],
    ]);
    expect(await receivers()).toHaveLength(2);
  });

  test('inside one call is the first of them', async () => {
    await log.addWebhook('one');
    const answers = await log.accept({ id: 'a', data: '{"n":1}' }, { id: 'a', data: '{"n":2}' });
    expect(answers.map(({ id }) => id)).toEqual(['a']);
    expect((await readAll()).map(({ data }) => data)).toEqual(['{"n":1}']);
    expect(await receivers()).toEqual(['one']);
  });

  test('that two callers offer at once is accepted from one of them', async () => {
    await log.addWebhook('one');
    const answers = await Promise.all(Array.from({ length: 8 }, () => acceptEvents(log.pool, [event('a')], options)));
    expect(answers.flat()).toHaveLength(1);
    expect(await receivers()).toEqual(['one']);
  });
});

describe('a list of events', () => {
  test('is accepted all or none', async () => {
    await log.addWebhook('one');
    await expect(log.accept({ id: 'a' }, { id: 'b', data: 'no JSON' }, { id: 'c' })).rejects.toThrow(
      'invalid input syntax for type json',
    );
    expect(await readAll()).toEqual([]);
    expect(await log.deliveries()).toEqual([]);
  });

  test('gets positions in its order', async () => {
    const ids = Array.from({ length: 300 }, (_, index) => `evt_${String((index * 7919) % 1000)}`);
    const answers = await log.accept(...ids.map((id) => ({ id })));
    expect(answers.map(({ id }) => id)).toEqual(ids);
    expect((await readAll()).map(({ id, position }) => ({ id, position }))).toEqual(
      answers.map(({ id, position }) => ({ id, position })),
    );
  });

  test('may be empty', async () => {
    expect(await acceptEvents(log.pool, [], { patterns: new Map(), wakeAfterMs: 1000 })).toEqual([]);
  });
});

describe('the order of the log', () => {
  test('is the order of the commits: nobody reads a later position before an earlier one', async () => {
    const first = await log.pool.connect();
    await first.query('BEGIN');
    await acceptEvents(first, [event('first')], options);
    let committed = false;
    const second = acceptEvents(log.pool, [event('second')], options).finally(() => {
      committed = true;
    });
    await eventually(async () => {
      const { rows } = await log.pool.query(
        "SELECT FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()",
      );
      expect(rows).toHaveLength(1);
    });
    expect(committed).toBe(false);
    expect(await readAll()).toEqual([]);
    await first.query('COMMIT');
    first.release();
    await second;
    expect((await readAll()).map(({ id }) => id)).toEqual(['first', 'second']);
  });

  test('has nothing of a caller that rolled back, and holds up nobody behind it', async () => {
    const first = await log.pool.connect();
    await first.query('BEGIN');
    await acceptEvents(first, [event('first')], options);
    const second = acceptEvents(log.pool, [event('second'), event('first', { data: '{"again":true}' })], options);
    await first.query('ROLLBACK');
    first.release();
    expect((await second).map(({ id }) => id)).toEqual(['second', 'first']);
  });

  test('is the same for a reader that follows while many write', async () => {
    const seen: number[] = [];
    const follow = async () => {
      const fresh = await readEvents(log.pool, { after: seen.at(-1) ?? 0, limit: 1000 });
      seen.push(...fresh.map(({ position }) => position));
    };
    let accepted = 0;
    const writers = Array.from({ length: 200 }, async (_, index) => {
      await acceptEvents(log.pool, [event(`evt_${String(index)}`)], options);
      accepted += 1;
    });
    while (accepted < writers.length) await follow();
    await Promise.all([...writers, follow()]);
    expect(seen).toEqual((await readAll()).map(({ position }) => position));
    expect(seen).toHaveLength(200);
  });
});
