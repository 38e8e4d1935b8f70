import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { openLog, type TestLog } from '../../test/log.js';
import { openDatabase } from '../database.js';
import { acceptEvents } from './accept-events.js';
import { keepPartitions } from './keep-partitions.js';

let log: TestLog;
beforeEach(async () => {
  log = await openLog();
});
afterEach(() => log.close());

const RETENTION_DAYS = 16;
const keep = () => keepPartitions(log.pool, RETENTION_DAYS);
/** Expects that these periods are dropped, and no others. An autovacuum may hold one up for a moment: then another round drops it. */
const expectDropped = async (names: string[]) => {
  const dropped: string[] = [];
  await eventually(async () => {
    dropped.push(...(await keep()).dropped);
    expect(dropped).toEqual(names);
  });
};
const midnight = (days: number) => {
  const today = new Date();
  return new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() + days));
};
const nameOf = (days: number) => midnight(days).toISOString().slice(0, 10).replaceAll('-', '_');
/** Replaces the periods of the log by periods between these days, counted from today; the first has no beginning. */
const layOut = async (...days: number[]) => {
  await log.pool.query('DROP TABLE events_first, deliveries_first, attempts_first; DELETE FROM partitions');
  for (const [index, day] of days.entries()) {
    const from = days[index - 1];
    await log.pool.query('SELECT add_partition($1, $2, $3)', [
      from === undefined ? 'first' : nameOf(from),
      from === undefined ? null : midnight(from),
      midnight(day),
    ]);
  }
};
const periods = async () => {
  const { rows } = await log.pool.query<{ name: string; ends_at: Date }>('SELECT name, ends_at FROM partitions ORDER BY ends_at');
  return rows.map(({ name, ends_at: end }) => [name, end.toISOString()]);
};
const tables = async () => {
  const { rows } = await log.pool.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relispartition AND relkind = 'r' ORDER BY relname",
  );
  return rows.map(({ name }) => name);
};
/** Adds an event of so many days ago, with a delivery and an attempt. */
const addOld = async (days: number, columns: { status: string; stage?: string; wakeAt?: Date }) => {
  const id = `evt_${String(days)}_${columns.status}`;
  const { rows } = await log.pool.query<{ id: string }>(
    `WITH event AS (
       INSERT INTO events (id, type, data, timestamp, accepted_at) VALUES ($1, 'sync.completed', '{}', $2, $2) RETURNING *
     ), logged AS (
       INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, status, created_at)
       SELECT new_delivery_id(accepted_at), id, position, 'wh', 'alice', type, $3::delivery_status, accepted_at FROM event RETURNING *
     ), pending AS (
       INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, next_attempt_at, wake_at)
       SELECT id, webhook_id, 1, event_position, created_at, $4::delivery_stage, created_at, $5 FROM logged WHERE $4 IS NOT NULL
     )
     SELECT id FROM logged`,
    [id, midnight(-days), columns.status, columns.stage ?? null, columns.wakeAt ?? null],
  );
  await log.pool.query('INSERT INTO attempts (delivery_id, number, started_at, duration_ms) VALUES ($1, 1, $2, 1)', [
    rows[0]?.id,
    midnight(-days),
  ]);
  return id;
};
const left = async () => {
  const { rows } = await log.pool.query<{ event_id: string }>(
    `SELECT event_id FROM deliveries JOIN events ON events.id = event_id JOIN attempts ON delivery_id = deliveries.id ORDER BY event_id`,
  );
  return rows.map(({ event_id: id }) => id);
};
/** Lets `drop_next_partition` wait for a lock until the test has seen it. */
const waitForLocks = () => log.pool.query("ALTER FUNCTION drop_next_partition SET lock_timeout = '60s'");
const blocked = () =>
  eventually(async () => {
    const { rows } = await log.pool.query(
      "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    expect(rows).toHaveLength(1);
  });

describe('the periods of the log', () => {
  test('cover the next week in a new database', async () => {
    expect(await keep()).toEqual({ added: [], dropped: [], busy: [] });
    expect(await periods()).toEqual([['first', midnight(8).toISOString()]]);
  });

  test('are added until they cover a week, each an eighth of the retention time', async () => {
    await layOut(2);
    expect(await keep()).toEqual({ added: [nameOf(2), nameOf(4), nameOf(6)], dropped: [], busy: [] });
    expect((await periods()).map(([, end]) => end)).toEqual([2, 4, 6, 8].map((days) => midnight(days).toISOString()));
    expect(await keep()).toEqual({ added: [], dropped: [], busy: [] });
  });

  test('begin at midnight UTC, whatever the time zone of the database', async () => {
    await layOut(6);
    await log.pool.query("SET timezone = 'Pacific/Auckland'");
    expect((await keep()).added).toEqual([nameOf(6)]);
    expect((await periods()).at(-1)).toEqual([nameOf(6), midnight(8).toISOString()]);
  });

  test('leave out the time before today, which no event can have', async () => {
    await layOut(-40, -30);
    expect(await keep()).toMatchObject({ added: [0, 2, 4, 6].map(nameOf) });
  });

  test('are added once by many processes at once', async () => {
    await layOut(0);
    const kept = await Promise.all(Array.from({ length: 4 }, keep));
    expect(kept.flatMap(({ added }) => added).sort()).toEqual([0, 2, 4, 6].map(nameOf).sort());
  });

  test('accept an event after the last one has ended: the missing one is added, a day long', async () => {
    await layOut(-40, -30);
    await log.addWebhook('one');
    expect(await log.accept({})).toHaveLength(1);
    expect(await log.deliveries()).toHaveLength(1);
    expect((await periods()).at(-1)).toEqual([nameOf(0), midnight(1).toISOString()]);
    expect((await keep()).added).toEqual([1, 3, 5, 7].map(nameOf));
  });

  test('accept an event before the first one begins', async () => {
    await layOut();
    await log.pool.query('SELECT add_partition($1, $2, $3)', [nameOf(3), midnight(3), midnight(8)]);
    await log.addWebhook('one');
    expect(await log.accept({})).toHaveLength(1);
    expect(await log.deliveries()).toHaveLength(1);
    expect((await periods())[0]).toEqual([nameOf(0), midnight(1).toISOString()]);
    expect((await keep()).added).toEqual([nameOf(1)]);
  });

  test('are added once by many processes that accept an event at once, and none is refused', async () => {
    await layOut(-2);
    const others = Array.from({ length: 4 }, () => openDatabase({ url: log.url, maxConnections: 1 }));
    const options = { patterns: new Map([['sync.completed', ['*']]]), wakeAfterMs: 1000 };
    const timestamp = '2026-03-01T00:00:00Z';
    const accepted = await Promise.all(
      others.map(({ pool }, n) =>
        acceptEvents(pool, [[{ id: `e${String(n)}`, type: 'sync.completed', owner: 'alice', timestamp, data: '{}' }]], options),
      ),
    );
    expect(accepted.map(({ accepted: events }) => events)).toEqual(others.map(() => [expect.anything()]));
    expect(await periods()).toHaveLength(2);
    await Promise.all(others.map(({ close }) => close()));
  });

  test('fill the gap that a clock ten days ahead has left', async () => {
    await layOut(8);
    await log.pool.query('SELECT add_period($1, $1, 1)', [midnight(10)]);
    await log.pool.query('SELECT add_period($1, $1, 2)', [midnight(8)]);
    await log.pool.query('SELECT add_period($1, $1, 4)', [midnight(11)]);
    expect((await periods()).map(([name]) => name)).toEqual(['first', nameOf(8), nameOf(10), nameOf(11)]);
    expect((await periods()).map(([, end]) => end)).toEqual([8, 10, 11, 15].map((days) => midnight(days).toISOString()));
  });

  test('contain an event, its deliveries and their attempts together, to the last millisecond', async () => {
    await log.addWebhook('one');
    await log.pool.query(`DROP TABLE events_first, deliveries_first, attempts_first; DELETE FROM partitions;
      SELECT add_partition('first', NULL, date_trunc('milliseconds', now() + interval '400 ms'));
      SELECT add_partition('second', ends_at, ends_at + interval '1 day') FROM partitions`);
    const where = async () => {
      const { rows } = await log.pool.query<{ event: string; delivery: string }>(`
        SELECT DISTINCT events.tableoid::regclass::text AS event, deliveries.tableoid::regclass::text AS delivery
        FROM deliveries JOIN events ON events.id = event_id AND created_at = accepted_at ORDER BY 1`);
      return rows.map(({ event, delivery }) => [event, delivery]);
    };
    const reachedSecond = async () => (await where()).some(([event]) => event === 'events_second');
    for (let n = 0; !(await reachedSecond()); n += 1) {
      await acceptEvents(
        log.pool,
        [[{ id: `e${String(n)}`, type: 'sync.completed', owner: 'alice', timestamp: '2026-03-01T00:00:00Z', data: '{}' }]],
        { patterns: new Map([['sync.completed', ['*']]]), wakeAfterMs: 1000 },
      );
    }
    expect(await where()).toEqual([
      ['events_first', 'deliveries_first'],
      ['events_second', 'deliveries_second'],
    ]);
  });

  test.each([-1, -0.6, -0.4, 0, 0.4, 0.6, 1])('agree on a time %s ms from a boundary', async (ms) => {
    await layOut(0, 8);
    const { rows } = await log.pool.query<{ event: string; delivery: string }>(
      `WITH event AS (
         INSERT INTO events (id, type, data, timestamp, accepted_at)
         VALUES ('a', 'sync.completed', '{}', now(), $1::timestamptz + $2::float8 * interval '1 ms') RETURNING *, tableoid::regclass::text AS event
       ), delivery AS (
         INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, created_at)
         SELECT new_delivery_id(accepted_at), id, position, 'wh', 'alice', type, accepted_at FROM event
         RETURNING tableoid::regclass::text AS delivery
       )
       SELECT event, delivery FROM event, delivery`,
      [midnight(0), ms],
    );
    expect(rows[0]?.delivery).toBe(rows[0]?.event.replace('events', 'deliveries'));
    expect(rows[0]?.event).toBe(ms < -0.5 ? 'events_first' : `events_${nameOf(0)}`);
  });
});

describe('a period that ended before the retention time', () => {
  /** Arranges that rounds have found these periods too old for so many hours; null: none has. */
  const markExpired = (names: readonly string[], hours: number | null) =>
    log.pool.query('UPDATE partitions SET expired_at = now() - make_interval(hours => $2) WHERE name = ANY ($1)', [names, hours]);
  const expired = async () => {
    const { rows } = await log.pool.query<{ name: string; hours: number }>(
      `SELECT name, round(extract(epoch FROM now() - expired_at) / 3600)::int AS hours FROM partitions
       WHERE expired_at IS NOT NULL ORDER BY ends_at`,
    );
    return rows.map(({ name, hours }) => [name, hours]);
  };
  beforeEach(async () => {
    await layOut(-30, -20, -10, 8);
    await markExpired(['first', nameOf(-30)], 24);
  });

  test('is dropped a day after a round first found it too old', async () => {
    await markExpired(['first', nameOf(-30)], null);
    expect((await keep()).dropped).toEqual([]);
    expect(await expired()).toEqual([
      ['first', 0],
      [nameOf(-30), 0],
    ]);
    await markExpired(['first'], 23);
    expect((await keep()).dropped).toEqual([]);
    await markExpired(['first'], 24);
    await expectDropped(['first']);
  });

  test('only by a clock that was ten days ahead is kept', async () => {
    await markExpired([nameOf(-20)], 240);
    await expectDropped(['first', nameOf(-30)]);
    expect(await expired()).toEqual([]);
  });

  test('and was found so by a clock that was ahead stays for another day', async () => {
    await markExpired(['first', nameOf(-30)], -240);
    expect((await keep()).dropped).toEqual([]);
    expect(await expired()).toEqual([
      ['first', 0],
      [nameOf(-30), 0],
    ]);
  });

  test('is dropped with its rows; later periods stay', async () => {
    await addOld(35, { status: 'succeeded' });
    await addOld(25, { status: 'skipped' });
    const younger = await addOld(15, { status: 'failed' });
    expect(await keep()).toEqual({ added: [], dropped: ['first', nameOf(-30)], busy: [] });
    expect(await left()).toEqual([younger]);
    const kept = [nameOf(-20), nameOf(-10)];
    expect(await tables()).toEqual(
      ['attempts', 'deliveries', 'events'].flatMap((table) => kept.map((name) => `${table}_${name}`)),
    );
    expect((await periods()).map(([name]) => name)).toEqual(kept);
  });

  test.each([
    ['parked', undefined],
    ['backoff', midnight(1)],
    ['admitted', midnight(0)],
  ])('stays while one of its deliveries is %s', async (stage, wakeAt) => {
    const pending = await addOld(25, { status: 'pending', stage, ...(wakeAt && { wakeAt }) });
    await expectDropped(['first']);
    expect(await left()).toEqual([pending]);
    await log.pool.query("UPDATE deliveries SET status = 'failed'; DELETE FROM pending_deliveries");
    await expectDropped([nameOf(-30)]);
  });

  test('stays while one of its events is still to be expanded', async () => {
    const id = await addOld(25, { status: 'succeeded' });
    await log.pool.query(
      `INSERT INTO expansions (event_position, event_id, event_type, accepted_at) SELECT position, id, type, accepted_at FROM events`,
    );
    await expectDropped(['first']);
    expect(await left()).toEqual([id]);
    await log.pool.query('DELETE FROM expansions');
    await expectDropped([nameOf(-30)]);
  });

  test('stays when one of its deliveries is retried at that moment', async () => {
    await log.pool.query('DROP TABLE events_first, deliveries_first, attempts_first');
    await log.pool.query("DELETE FROM partitions WHERE name = 'first'");
    await addOld(25, { status: 'failed' });
    const replay = await log.pool.connect();
    await replay.query('BEGIN');
    await replay.query(
      `INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, next_attempt_at)
       SELECT id, webhook_id, 1, event_position, created_at, 'parked', now() FROM deliveries`,
    );
    await replay.query("UPDATE deliveries SET status = 'pending'");
    await waitForLocks();
    const keeping = keep();
    await blocked();
    await replay.query('COMMIT');
    replay.release();
    expect((await keeping).dropped).toEqual([]);
    expect(await left()).toEqual(['evt_25_failed']);
  });

  test('is dropped once by many processes at once', async () => {
    const kept = await Promise.all(Array.from({ length: 4 }, keep));
    expect(kept.flatMap(({ dropped }) => dropped).sort()).toEqual(['first', nameOf(-30)].sort());
  });

  test('lets a reader read the other tables while it waits', async () => {
    const reader = await log.pool.connect();
    await reader.query('BEGIN');
    await reader.query('SELECT FROM deliveries');
    await waitForLocks();
    const keeping = keep();
    await blocked();
    await reader.query('SELECT FROM attempts');
    await reader.query('SELECT FROM events');
    await reader.query('COMMIT');
    reader.release();
    expect((await keeping).dropped).toEqual(['first', nameOf(-30)]);
  });

  test('is left to the next call while it is read, and no event that is accepted meanwhile waits for longer than a lock', async () => {
    await log.addWebhook('one');
    let isKeeping = true;
    let slowestMs = 0;
    const publish = async () => {
      while (isKeeping) {
        const startedAt = performance.now();
        // One that gives up has waited for longer.
        await log.accept({}).catch(() => undefined);
        slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      }
    };
    await log.whileHeld('SELECT FROM deliveries', [], async () => {
      const publishing = publish();
      try {
        expect(await keep()).toEqual({ added: [], dropped: [], busy: ['first', nameOf(-30)] });
      } finally {
        isKeeping = false;
        await publishing;
      }
    });
    // A tenth of a second for the lock, and the rest for a busy machine.
    expect(slowestMs).toBeLessThan(800);
    await expectDropped(['first', nameOf(-30)]);
  });

  test('is left to the next call while it is vacuumed, for which no statement on the log waits, and others are dropped', async () => {
    // As much as an autovacuum locks.
    await log.whileHeld('LOCK TABLE deliveries_first IN SHARE UPDATE EXCLUSIVE MODE', [], async () => {
      await waitForLocks();
      expect(await keep()).toEqual({ added: [], dropped: [nameOf(-30)], busy: ['first'] });
    });
    await expectDropped(['first']);
  });

  test('that a long reader keeps from being dropped does not delay a period that is to be added', async () => {
    await log.pool.query('DROP TABLE events_%, deliveries_%, attempts_%'.replaceAll('%', nameOf(-10)));
    await log.pool.query('DELETE FROM partitions WHERE name = $1', [nameOf(-10)]);
    await log.whileHeld('SELECT FROM deliveries', [], async () => {
      expect((await keep()).busy).toEqual(['first', nameOf(-30)]);
    });
    expect((await periods()).at(-1)).toEqual([nameOf(6), midnight(8).toISOString()]);
  });

  test('that a crash left partly dropped is dropped by the next call', async () => {
    await addOld(35, { status: 'succeeded' });
    await log.pool.query('DROP TABLE deliveries_first');
    await expectDropped(['first', nameOf(-30)]);
    expect((await tables()).filter((name) => name.endsWith('first'))).toEqual([]);
  });
});
