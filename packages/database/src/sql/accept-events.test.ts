import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { openLog, WAKE_AFTER_S, type TestLog } from '../../test/log.js';
import { HEALTH, refused } from '../../test/attempts.js';
import { acceptEvents, MAX_DELIVERIES_A_COMMIT, MAX_WEBHOOKS_AN_EVENT, type NewEvent } from './accept-events.js';
import { endSuperseded } from './end-superseded.js';
import { readEvents } from './read-events.js';
import { recordAttempts } from './record-attempts.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const receivers = async () => (await log.deliveries()).map(({ webhook_id: id }) => id);
const contents = async () => (await readAll()).map(({ id, data }) => `${id} ${data}`);
const readAll = async () => (await readEvents(log.pool, { after: 0, limit: 1000 })).events;
const event = (id: string, more: Partial<NewEvent> = {}): NewEvent => ({
  id,
  type: 'sync.completed',
  owner: 'alice',
  timestamp: '2026-03-01T00:00:00.000Z',
  data: '{}',
  ...more,
});
const options = { patterns: new Map([['sync.completed', ['*']]]), wakeAfterMs: 1000 };

describe('an accepted event', () => {
  test('is written unchanged, to the byte', async () => {
    const data = '{ "b":1.0,"a": "\\u0000\\ud800 é", "a":2 }';
    await log.accept({ id: 'one', type: 'gaps.updated', timestamp: '2026-03-01T01:00:00.125+02:00', data });
    expect(await readAll()).toEqual([
      {
        id: 'one',
        position: expect.any(Number),
        type: 'gaps.updated',
        version: 1,
        isPreview: false,
        owner: 'alice',
        timestamp: '2026-02-28T23:00:00.125Z',
        data,
      },
    ]);
  });

  test('has a delivery to each webhook whose patterns match its type: exactly, by prefix, or all', async () => {
    await log.addWebhook('exact', { eventTypes: ['sync.completed'] });
    await log.addWebhook('prefix', { eventTypes: ['sync.*'] });
    await log.addWebhook('all', { eventTypes: ['*'] });
    await log.addWebhook('several', { eventTypes: ['gaps.updated', 'sync.*', 'sync.completed'] });
    await log.addWebhook('other', { eventTypes: ['sync.failed', 'gaps.*', 'sync'] });
    await log.addWebhook('nothing', { eventTypes: [] });
    await log.accept({ type: 'sync.completed' });
    expect(await receivers()).toEqual(['all', 'exact', 'prefix', 'several']);
  });

  test('has no delivery to a webhook that its owner disabled', async () => {
    await log.addWebhook('off', { enabled: false });
    await log.accept({});
    expect(await receivers()).toEqual([]);
  });

  test('for one owner goes only to the webhooks of that owner (I7)', async () => {
    await log.addWebhook('hers');
    await log.addWebhook('his', { owner: 'bob' });
    await log.accept({ owner: 'alice' });
    expect(await receivers()).toEqual(['hers']);
  });

  test('for everyone goes to the webhooks of all owners, and each delivery belongs to the owner of its webhook', async () => {
    await log.addWebhook('hers');
    await log.addWebhook('his', { owner: 'bob' });
    await log.addWebhook('off', { owner: 'bob', enabled: false });
    await log.addWebhook('other', { owner: 'bob', eventTypes: ['gaps.*'] });
    await log.accept({ owner: null });
    expect((await log.deliveries()).map(({ webhook_id: id, owner: owner }) => [id, owner])).toEqual([
      ['hers', 'alice'],
      ['his', 'bob'],
    ]);
  });

  test('has deliveries that are pending, due now, and have a wake time (I2)', async () => {
    await log.addWebhook('one');
    const { admitted } = await log.acceptCalls([{ id: 'a', type: 'gaps.updated' }]);
    expect(await log.deliveries()).toEqual([
      {
        id: admitted[0]?.id,
        event_id: 'a',
        webhook_id: 'one',
        owner: 'alice',
        event_type: 'gaps.updated',
        status: 'pending',
        stage: 'admitted',
        priority: 0,
        attempt_count: 0,
        lease_token: null,
        leased_for: null,
        ended: false,
        again: false,
        next_attempt_in: 0,
        wake_in: WAKE_AFTER_S,
        finished: false,
      },
    ]);
  });

  test('is returned with its deliveries, and with none when no webhook matches', async () => {
    await log.addWebhook('syncs', { eventTypes: ['sync.*'] });
    await log.addWebhook('all');
    const answer = await log.acceptCalls([{ id: 'a' }, { id: 'b', type: 'gaps.updated' }, { id: 'c', owner: 'bob' }]);
    const deliveries = await log.deliveries();
    expect(answer.accepted.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(answer.admitted.map(({ id }) => id).sort()).toEqual(deliveries.map(({ id }) => id).sort());
    expect(deliveries).toHaveLength(3);
    const [a, b] = answer.accepted.map(({ position }) => position);
    expect(answer.admitted.map(({ position }) => position)).toEqual([a, a, b]);
  });

  test('keeps the trace context of its acceptance, also when several calls share the commit', async () => {
    await log.acceptCalls([{ id: 'a', traceparent: '00-a' }], [{ id: 'a', traceparent: '00-later' }, { id: 'b' }]);
    const { rows } = await log.pool.query('SELECT id, traceparent FROM events ORDER BY position');
    expect(rows).toEqual([
      { id: 'a', traceparent: '00-a' },
      { id: 'b', traceparent: null },
    ]);
  });

  test('keeps its first publisher, also when several calls share the commit', async () => {
    await log.acceptCalls([{ id: 'a', publishedBy: 'service' }], [{ id: 'a', publishedBy: 'another' }, { id: 'b' }]);
    await log.accept({ id: 'b', publishedBy: 'another' }, { id: 'c', publishedBy: 'another' });
    const { rows } = await log.pool.query('SELECT id, published_by FROM events ORDER BY position');
    expect(rows).toEqual([
      { id: 'a', published_by: 'service' },
      { id: 'b', published_by: null },
      { id: 'c', published_by: 'another' },
    ]);
  });
});

describe('a repeated id', () => {
  test('is the same event: it is missing from the result, and not written again', async () => {
    await log.addWebhook('one');
    await log.accept({ id: 'a', data: '{"n":1}' });
    const answers = await log.accept({ id: 'a', data: '{"n":1}' }, { id: 'b' });
    expect(answers.map(({ id }) => id)).toEqual(['b']);
    expect(await contents()).toEqual(['a {"n":1}', 'b {}']);
    expect(await receivers()).toHaveLength(2);
  });

  test('within one call is one event', async () => {
    await log.addWebhook('one');
    const { accepted, conflicts } = await log.acceptCalls([{ id: 'a' }, { id: 'b' }, { id: 'a' }]);
    expect([accepted.map(({ id }) => id), conflicts.size]).toEqual([['a', 'b'], 0]);
    expect(await receivers()).toEqual(['one', 'one']);
  });

  test('in several calls of one commit is written once', async () => {
    await log.addWebhook('one');
    const { accepted, conflicts } = await log.acceptCalls([{ id: 'a' }], [{ id: 'b' }, { id: 'a' }], [{ id: 'a' }]);
    expect([accepted.map(({ id }) => id), conflicts.size]).toEqual([['a', 'b'], 0]);
    expect(await receivers()).toEqual(['one', 'one']);
  });

  test('from many callers at once is accepted once', async () => {
    await log.addWebhook('one');
    const answers = await Promise.all(Array.from({ length: 50 }, () => acceptEvents(log.pool, [[event('a')]], options)));
    expect(answers.flatMap(({ accepted }) => accepted)).toHaveLength(1);
    expect(answers.every(({ conflicts }) => conflicts.size === 0)).toBe(true);
    expect(await receivers()).toEqual(['one']);
  });
});

describe('an id of a different event', () => {
  test.each([
    ['data', { data: '{"n": 1}' }],
    ['type', { type: 'sync.failed' }],
  ])('(by its %s) is a conflict: no event of that call is written, and all of the others', async (_, other) => {
    await log.addWebhook('one');
    await log.accept({ id: 'a', data: '{"n":1}' });
    const { accepted, conflicts } = await log.acceptCalls(
      [{ id: 'before' }],
      [{ id: 'b' }, { id: 'a', data: '{"n":1}', ...other }, { id: 'c' }],
      [{ id: 'after' }, { id: 'a', data: '{"n":1}' }],
    );
    expect(accepted.map(({ id }) => id)).toEqual(['before', 'after']);
    expect([...conflicts]).toEqual([[1, ['a']]]);
    expect(await contents()).toEqual(['a {"n":1}', 'before {}', 'after {}']);
    expect(await receivers()).toHaveLength(3);
  });

  test('in an earlier call of the same commit is a conflict, too', async () => {
    const { accepted, conflicts } = await log.acceptCalls(
      [{ id: 'a', data: '1' }],
      [{ id: 'b' }, { id: 'a', data: '2' }],
      [{ id: 'b', data: '3' }, { id: 'c' }],
      [{ id: 'd' }],
    );
    // The second call is refused with its event b, so the b of the third call is new.
    expect(accepted.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
    expect([...conflicts].map(([call, ids]) => [call, ids.sort()])).toEqual([[1, ['a', 'b']]]);
    expect(await contents()).toEqual(['a 1', 'b 3', 'c {}', 'd {}']);
  });

  test('in a refused call of the same commit is no conflict', async () => {
    await log.accept({ id: 'a' });
    const { accepted, conflicts } = await log.acceptCalls(
      [
        { id: 'a', data: '1' },
        { id: 'b', data: '1' },
      ],
      [{ id: 'b', data: '2' }],
    );
    expect(accepted.map(({ id }) => id)).toEqual(['b']);
    expect([...conflicts]).toEqual([[0, ['a']]]);
    expect(await contents()).toEqual(['a {}', 'b 2']);
  });

  test('in the same call is a conflict: the repeated call could not have the same meaning', async () => {
    const { accepted, conflicts } = await log.acceptCalls(
      [{ id: 'a', data: '1' }, { id: 'a', data: '2' }, { id: 'b' }],
      [{ id: 'c' }],
    );
    expect(accepted.map(({ id }) => id)).toEqual(['c']);
    expect([...conflicts]).toEqual([[0, ['a']]]);
    expect(await contents()).toEqual(['c {}']);
  });

  test('from several callers at once is a conflict for all but the first', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => acceptEvents(log.pool, [[event('a', { data: String(index) })]], options)),
    );
    expect(answers.flatMap(({ accepted }) => accepted)).toHaveLength(1);
    expect(answers.filter(({ conflicts }) => conflicts.get(0)?.[0] === 'a')).toHaveLength(9);
  });
});

describe('the slots of a webhook', () => {
  const stages = async (id: string) =>
    (await log.deliveries())
      .filter((row) => row.webhook_id === id)
      .map(({ event_id: event, stage, wake_in: wake }) => [event, stage, wake]);

  test('go to its first deliveries; further ones are parked, and not enqueued', async () => {
    await log.addWebhook('narrow', { maxInFlight: 2 });
    await log.addWebhook('wide', { maxInFlight: 5 });
    await log.addWebhook('shut', { enabled: false, disabledReason: 'failing' });
    const { admitted, written } = await log.acceptCalls([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
    expect(await stages('narrow')).toEqual([
      ['a', 'admitted', WAKE_AFTER_S],
      ['b', 'admitted', WAKE_AFTER_S],
      ['c', 'parked', null],
    ]);
    expect((await stages('wide')).map(([, stage]) => stage)).toEqual(['admitted', 'admitted', 'admitted']);
    expect(admitted).toHaveLength(5);
    expect(written).toEqual({ deliveries: 9, skipped: 3 });
  });

  test('are counted after earlier commits', async () => {
    await log.addWebhook('one', { maxInFlight: 3 });
    await log.accept({ id: 'a' }, { id: 'b' });
    await log.accept({ id: 'c' }, { id: 'd' });
    expect((await stages('one')).map(([, stage]) => stage)).toEqual(['admitted', 'admitted', 'admitted', 'parked']);
  });

  test('go to no new delivery while others are parked, even if some are free', async () => {
    await log.addWebhook('one', { maxInFlight: 2 });
    await log.accept({ id: 'a' }, { id: 'b' }, { id: 'c' });
    await log.pool.query("DELETE FROM pending_deliveries WHERE stage = 'admitted'");
    const { admitted } = await log.acceptCalls([{ id: 'd' }]);
    expect((await stages('one')).slice(2)).toEqual([
      ['c', 'parked', null],
      ['d', 'parked', null],
    ]);
    expect(admitted).toEqual([]);
  });

  test('are one for a fifo webhook, and none while a delivery waits for its next attempt, since it holds the line', async () => {
    await log.addWebhook('one', { ordering: 'fifo' });
    await log.accept({ id: 'a' });
    const [first] = await log.deliveries();
    await recordAttempts(log.pool, [refused(await log.claim(first?.id ?? ''), { status: 'pending', retryInMs: 3_600_000 })], {
      wakeAfterMs: 1000,
      health: HEALTH,
    });
    await log.accept({ id: 'b' }, { id: 'c' });
    expect((await stages('one')).map(([, stage]) => stage)).toEqual(['backoff', 'parked', 'parked']);
  });

  test('are taken by a request under way, even if its delivery was cancelled', async () => {
    const id = await log.addDelivery('one', { maxInFlight: 1 });
    await log.claim(id);
    await log.pool.query("UPDATE webhooks SET enabled = false, event_types = '{*}'");
    await endSuperseded(log.pool, [id]);
    await log.pool.query('UPDATE webhooks SET enabled = true');
    await log.accept({ id: 'two' });
    expect((await stages('wh_one')).at(-1)).toEqual(['two', 'parked', null]);
  });

  test('go to a new delivery when those of an earlier generation have been ended', async () => {
    await log.addWebhook('one', { maxInFlight: 1 });
    await log.accept({ id: 'a' }, { id: 'b' });
    await log.pool.query('UPDATE webhooks SET enabled = false');
    await log.pool.query('UPDATE webhooks SET enabled = true');
    await endSuperseded(
      log.pool,
      (await log.deliveries()).map(({ id }) => id),
    );
    await log.accept({ id: 'c' });
    expect((await stages('one')).at(-1)).toEqual(['c', 'admitted', WAKE_AFTER_S]);
  });

  test('are given first to the first delivery of each idle webhook', async () => {
    await log.addWebhook('idle', { maxInFlight: 3 });
    await log.addWebhook('busy', { maxInFlight: 3, eventTypes: ['gaps.updated', 'sync.completed'] });
    await log.accept({ type: 'gaps.updated' });
    await log.pool.query("UPDATE webhooks SET event_types = '{sync.completed}'");
    await log.pool.query("DELETE FROM pending_deliveries WHERE webhook_id = 'idle'");
    const { admitted } = await log.acceptCalls([{ id: 'a' }, { id: 'b' }]);
    const byId = new Map((await log.deliveries()).map((row) => [row.id, `${row.webhook_id} ${row.event_id}`]));
    expect(admitted.map(({ id, first }) => [byId.get(id), first]).sort()).toEqual([
      ['busy a', false],
      ['busy b', false],
      ['idle a', true],
      ['idle b', false],
    ]);
  });

  test('are given to no more deliveries than the call allows, besides the first ones; the others are parked', async () => {
    for (const id of ['one', 'two']) await log.addWebhook(id, { maxInFlight: 5 });
    const events = ['a', 'b', 'c'].map((id) => event(id));
    const { admitted, written } = await acceptEvents(log.pool, [events], { ...options, admitAtMost: 1 });
    expect(written).toEqual({ deliveries: 6, skipped: 0 });
    expect(admitted.map(({ first }) => first).sort()).toEqual([false, true, true]);
    expect((await stages('one')).map(([, stage]) => stage)).toEqual(['admitted', 'admitted', 'parked']);
    expect((await stages('two')).map(([, stage]) => stage)).toEqual(['admitted', 'parked', 'parked']);
  });

  test.each([
    ['none while its circuit waits for a probe', "now() + interval '1 min'", ['parked', 'parked']],
    ['one when the probe is due', "now() - interval '1 min'", ['admitted', 'parked']],
  ])('are %s', async (_, probeAt, expected) => {
    await log.addWebhook('one');
    await log.pool.query(`UPDATE webhooks SET circuit_opened_at = now() - interval '1 hour', circuit_probe_at = ${probeAt}`);
    await log.accept({ id: 'a' }, { id: 'b' });
    expect((await stages('one')).map(([, stage]) => stage)).toEqual(expected);
  });
});

describe('a webhook that Tidings disabled', () => {
  test('has skipped deliveries, so that its owner can replay them', async () => {
    await log.addWebhook('failing', { enabled: false, disabledReason: 'failing' });
    await log.addWebhook('gone', { enabled: false, disabledReason: 'gone' });
    await log.addWebhook('off', { enabled: false });
    const { accepted, admitted } = await log.acceptCalls([{ id: 'a' }, { id: 'b', owner: null }]);
    expect(accepted).toHaveLength(2);
    expect(admitted).toEqual([]);
    const skipped = { status: 'skipped', stage: null, next_attempt_in: null, wake_in: null, finished: true };
    expect(await log.deliveries()).toMatchObject(
      ['a', 'b'].flatMap((event) => ['failing', 'gone'].map((id) => ({ event_id: event, webhook_id: id, ...skipped }))),
    );
  });
});

describe('the webhooks that get an event', () => {
  const change = (change: string) => log.pool.query(change);

  test('are those that were registered before it: a webhook gets later positions only', async () => {
    await log.accept({ id: 'before' });
    await log.addWebhook('one');
    await log.accept({ id: 'after' });
    const { rows } = await log.pool.query('SELECT position - from_position AS behind FROM events, webhooks ORDER BY position');
    expect(rows).toEqual([{ behind: '0' }, { behind: '1' }]);
    expect(await receivers()).toEqual(['one']);
  });

  test('are not those that were enabled behind it', async () => {
    await log.addWebhook('one');
    await change('UPDATE webhooks SET from_position = (SELECT last_value + 1 FROM events_position_seq)');
    await log.accept({ id: 'a' });
    expect(await receivers()).toEqual([]);
    await log.accept({ id: 'b' });
    expect((await log.deliveries()).map(({ event_id: id }) => id)).toEqual(['b']);
  });

  test.each([
    ['disables it', 'UPDATE webhooks SET enabled = false', []],
    ['changes its types', "UPDATE webhooks SET event_types = '{gaps.*}'", []],
    ['deletes it', 'DELETE FROM webhooks', []],
    [
      'changes its types and back',
      "UPDATE webhooks SET event_types = '{gaps.*}'; UPDATE webhooks SET event_types = '{*}'",
      ['one'],
    ],
    ['disables and enables it', 'UPDATE webhooks SET enabled = false; UPDATE webhooks SET enabled = true', ['one']],
    ['adds a type', "UPDATE webhooks SET event_types = '{gaps.*, sync.*, sync.*}'", ['one']],
  ])('follow each change of a webhook, for everyone and for its owner: a statement %s', async (_, statement, expected) => {
    await log.addWebhook('one');
    await change(statement);
    await log.accept({ owner: null });
    expect(await receivers()).toEqual(expected);
    await log.accept({ owner: 'alice' });
    expect(await receivers()).toEqual([...expected, ...expected]);
  });
});

describe('an event that many webhooks match', () => {
  /** Adds webhooks named `prefix` and a number. */
  const addWebhooks = (count: number, prefix = 'wh', { owner = 'alice', types = ['*'] } = {}) =>
    log.pool.query(
      `INSERT INTO webhooks (id, owner, url, event_types, sealed_secret)
       SELECT $2 || '_' || n, $3, 'https://example.com', $4, '' FROM generate_series(1, $1::int) AS n`,
      [count, prefix, owner, types],
    );
  const expansions = async () =>
    (await log.pool.query<{ event_id: string }>('SELECT event_id FROM expansions ORDER BY event_position')).rows.map(
      ({ event_id: id }) => id,
    );

  test.each([null, 'alice'])('has its deliveries at once up to a hundred webhooks (owner: %s)', async (owner) => {
    await addWebhooks(MAX_WEBHOOKS_AN_EVENT);
    const { written, expanding } = await log.acceptCalls([{ id: 'a', owner }]);
    expect([written.deliveries, expanding]).toEqual([100, 0]);
    expect(await expansions()).toEqual([]);
  });

  test.each([null, 'alice'])('is only noted, to be expanded, beyond a hundred (owner: %s)', async (owner) => {
    await addWebhooks(MAX_WEBHOOKS_AN_EVENT + 1);
    const { accepted, admitted, written, expanding } = await log.acceptCalls([{ id: 'a', owner }]);
    expect({ accepted, admitted, written, expanding }).toEqual({
      accepted: [{ id: 'a', position: expect.any(Number) }],
      admitted: [],
      written: { deliveries: 0, skipped: 0 },
      expanding: 1,
    });
    const { rows } = await log.pool.query(
      `SELECT event_position = position AS placed, event_id, event_type, expansions.owner, expansions.accepted_at = events.accepted_at AS dated,
         patterns, fifo_done, fifo_cursor, cursor, deliveries FROM expansions JOIN events ON id = event_id`,
    );
    const begun = { fifo_done: false, fifo_cursor: '', cursor: '', deliveries: 0 };
    const patterns = ['*', 'sync.completed', 'sync.*', 'sync.completed@1'];
    expect(rows).toEqual([{ placed: true, event_id: 'a', event_type: 'sync.completed', owner, dated: true, patterns, ...begun }]);
  });

  test('counts those of its owner and of its type only', async () => {
    await addWebhooks(60, 'hers');
    await addWebhooks(60, 'his', { owner: 'bob' });
    await addWebhooks(60, 'other', { types: ['gaps.*'] });
    const { written, expanding } = await log.acceptCalls([{ id: 'a' }, { id: 'b', owner: 'bob' }, { id: 'all', owner: null }]);
    expect([written.deliveries, expanding]).toEqual([120, 1]);
    expect(await expansions()).toEqual(['all']);
  });

  test('is expanded without counting when its owner has more than a thousand webhooks', async () => {
    await addWebhooks(1001, 'wh', { types: ['gaps.*'] });
    expect((await log.acceptCalls([{ id: 'a' }])).expanding).toBe(1);
    expect((await log.acceptCalls([{ id: 'b', owner: null }])).expanding).toBe(0);
  });

  test('leaves the other events of its commit as they are', async () => {
    await addWebhooks(101, 'his', { owner: 'bob' });
    await log.addWebhook('hers');
    const { accepted, written, expanding } = await log.acceptCalls([{ id: 'a' }, { id: 'b', owner: 'bob' }, { id: 'c' }]);
    expect(accepted.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect([written.deliveries, expanding]).toEqual([2, 1]);
  });

  test('is also noted when its commit has 5,000 deliveries', async () => {
    await addWebhooks(100);
    const ids = Array.from({ length: 52 }, (_, number) => `evt_${String(number).padStart(3, '0')}`);
    const { written, expanding, accepted } = await log.acceptCalls(ids.map((id) => ({ id })));
    expect(written.deliveries).toBe(MAX_DELIVERIES_A_COMMIT);
    expect(expanding).toBe(2);
    expect(accepted).toHaveLength(52);
    expect(await expansions()).toEqual(ids.slice(50));
  });
});

describe('a list of events', () => {
  test('is accepted completely or not at all', async () => {
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
    const written = { deliveries: 0, skipped: 0 };
    const nothing = { accepted: [], admitted: [], written, expanding: 0, conflicts: new Map(), stale: new Set() };
    expect(await acceptEvents(log.pool, [], { patterns: new Map(), wakeAfterMs: 1000 })).toEqual(nothing);
    expect(await acceptEvents(log.pool, [[]], { patterns: new Map(), wakeAfterMs: 1000 })).toEqual(nothing);
  });
});

describe('the order of the log', () => {
  test('is the order of the commits: no reader sees a later position before an earlier one', async () => {
    const first = await log.pool.connect();
    await first.query('BEGIN');
    await acceptEvents(first, [[event('first')]], options);
    let committed = false;
    const second = acceptEvents(log.pool, [[event('second')]], options).finally(() => {
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

  test('numbers the events of a transaction that waited for the lock after all that were committed while it waited', async () => {
    const holder = await log.pool.connect();
    await holder.query('BEGIN');
    await acceptEvents(holder, [[event('first')]], options);
    const waiting = acceptEvents(log.pool, [[event('third')]], options);
    await eventually(async () => {
      const { rowCount } = await log.pool.query(
        "SELECT FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()",
      );
      expect(rowCount).toBe(1);
    });
    await acceptEvents(holder, [[event('second')]], options);
    await holder.query('COMMIT');
    holder.release();
    await waiting;
    expect((await readAll()).map(({ id }) => id)).toEqual(['first', 'second', 'third']);
  });

  test('has no event of a transaction that rolled back, and the next one continues', async () => {
    const first = await log.pool.connect();
    await first.query('BEGIN');
    await acceptEvents(first, [[event('first')]], options);
    const second = acceptEvents(log.pool, [[event('second'), event('first', { data: '{"again":true}' })]], options);
    await first.query('ROLLBACK');
    first.release();
    expect((await second).accepted.map(({ id }) => id)).toEqual(['second', 'first']);
  });

  test('is the same for a reader that follows while many accept', async () => {
    const seen: number[] = [];
    const follow = async () => {
      const { events: fresh } = await readEvents(log.pool, { after: seen.at(-1) ?? 0, limit: 1000 });
      seen.push(...fresh.map(({ position }) => position));
    };
    let accepted = 0;
    const writers = Array.from({ length: 200 }, async (_, index) => {
      await acceptEvents(log.pool, [[event(`evt_${String(index)}`)]], options);
      accepted += 1;
    });
    while (accepted < writers.length) await follow();
    await Promise.all([...writers, follow()]);
    expect(seen).toEqual((await readAll()).map(({ position }) => position));
    expect(seen).toHaveLength(200);
  });
});
