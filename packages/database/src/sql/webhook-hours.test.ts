import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { answered, HEALTH, refused, succeeded } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import { openDatabase } from '../database.js';
import { buildIndexes } from './build-indexes.js';
import { recordAttempts, type AttemptRecord } from './record-attempts.js';
import { wakeDeliveries } from './wake-deliveries.js';
import { countHour, dropWebhookHours, readWebhookHours } from './webhook-hours.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const set = (change: string, values: unknown[] = []) => log.pool.query(change, values);
const record = (attempt: AttemptRecord) => recordAttempts(log.pool, [attempt], { wakeAfterMs: 15_000, health: HEALTH });
const fail = { status: 'failed' } as const;
/** Claims a new delivery of the webhook `wh_<name>`, which gets the events of the type `name` only. */
const claimed = async (name: string) => {
  const [id = ''] = await log.addDeliveries(1);
  await set('UPDATE deliveries SET webhook_id = $2 WHERE id = $1', [id, `wh_${name}`]);
  await set('UPDATE pending_deliveries SET webhook_id = $2 WHERE delivery_id = $1', [id, `wh_${name}`]);
  return log.claim(id);
};
const read = async (webhook = 'wh_one', hours = 24) => {
  const { counts } = await readWebhookHours(log.pool, webhook, hours);
  return counts.map(({ eventType, statusClass, attempts }) => `${eventType} ${statusClass} ${String(attempts)}`);
};
/** Moves the attempts, and the place up to which they are counted, into the past. */
const moveBack = (hours: number) =>
  set(`WITH moved AS (UPDATE attempts SET hour = hour - ${String(hours)}, started_at = started_at - interval '${String(hours)} hours')
    UPDATE counted_hours SET hour = hour - ${String(hours)}`);
const countAll = async () => {
  let parts = 0;
  while (await countHour(log.pool)) parts += 1;
  return parts;
};

describe('the attempts of a webhook', () => {
  beforeEach(async () => {
    await log.addWebhook('wh_one');
    await log.addWebhook('wh_other');
    await record(succeeded(await claimed('one')));
    await record(succeeded(await claimed('one')));
    await record(answered(await claimed('one'), 503, fail));
    await record(refused(await claimed('one'), fail));
    await record(answered(await claimed('other'), 404, fail));
  });
  const COUNTS = ['sync.completed 2xx 2', 'sync.completed 5xx 1', 'sync.completed none 1'];

  test('are counted in the present hour', async () => {
    expect(await read()).toEqual(COUNTS);
    expect(await read('wh_other')).toEqual(['sync.completed 4xx 1']);
    expect(await read('wh_none')).toEqual([]);
  });

  test('are the same before and after their hour is counted, and when the log has dropped them', async () => {
    await moveBack(3);
    expect(await read()).toEqual(COUNTS);
    // The hours until now are counted as well, though nothing happened in them; the last one may still be open.
    expect(await countAll()).toBeGreaterThanOrEqual(2);
    expect(await read()).toEqual(COUNTS);
    await set('DELETE FROM attempts');
    expect(await read()).toEqual(COUNTS);
  });

  test('are left out when they are older than the hours that are read', async () => {
    await moveBack(3);
    await countAll();
    expect(await read('wh_one', 2)).toEqual([]);
    expect(await read('wh_one', 3)).toEqual(COUNTS);
  });

  test('are counted when no lease of the hour can still record', async () => {
    const late = await claimed('one');
    await moveBack(3);
    await set(
      "UPDATE pending_deliveries SET wake_at = wake_at - interval '3 hours', leased_until = leased_until - interval '3 hours'",
    );
    expect(await countAll()).toBe(0);
    // Nobody has withdrawn the lease: it records.
    await record({ ...succeeded(late), startedAgoMs: 3 * 3_600_000 });
    expect(await countAll()).toBeGreaterThan(0);
    expect(await read()).toEqual(['sync.completed 2xx 3', 'sync.completed 5xx 1', 'sync.completed none 1']);
  });

  test('are counted without a lease that was withdrawn', async () => {
    const late = await claimed('one');
    await moveBack(3);
    await set(
      "UPDATE pending_deliveries SET wake_at = wake_at - interval '3 hours', leased_until = leased_until - interval '3 hours'",
    );
    await wakeDeliveries(log.pool, { againAfterMs: 15_000 });
    expect(await countAll()).toBeGreaterThan(0);
    expect((await record({ ...succeeded(late), startedAgoMs: 3 * 3_600_000 })).held.size).toBe(0);
    expect(await read()).toEqual(COUNTS);
  });

  test('are counted again, not twice, after the clock was set back', async () => {
    await set('UPDATE counted_hours SET hour = hour + 10');
    expect(await read()).toEqual([]);
    expect(await countHour(log.pool)).toBe(true);
    expect(await read()).toEqual(COUNTS);
  });

  test('are dropped by their age', async () => {
    await moveBack(36 * 24);
    await countAll();
    expect((await set('SELECT FROM webhook_hours')).rowCount).toBe(4);
    await dropWebhookHours(log.pool, 35);
    expect((await set('SELECT FROM webhook_hours')).rowCount).toBe(0);
  });

  test('are counted by one of many workers, while the others go on', async () => {
    await moveBack(3);
    await log.whileHeld('SELECT FROM counted_hours FOR UPDATE', [], async () => {
      expect(await countHour(log.pool)).toBe(false);
    });
  });
});

test('an hour is counted though that takes longer than other statements may', async () => {
  await log.addWebhook('wh_one');
  await record(succeeded(await claimed('one')));
  await moveBack(3);
  const database = openDatabase({ url: log.url, maxConnections: 1, statementTimeoutMs: 100 });
  const holder = await log.pool.connect();
  try {
    await holder.query('BEGIN');
    await holder.query('LOCK webhook_hours IN EXCLUSIVE MODE');
    const counted = countHour(database.pool);
    const waited = eventually(async () => {
      const { rowCount } = await set(`SELECT FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND datname = current_database() AND now() - query_start > interval '200 ms'`);
      if (rowCount !== 1) throw new Error('The count does not wait for so long yet.');
    });
    await Promise.race([waited, counted]);
    await holder.query('COMMIT');
    expect(await counted).toBe(true);
    // Later statements on the connection have the pool's limit again.
    expect((await database.pool.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '100ms' }]);
  } finally {
    holder.release();
    await database.close();
  }
});

test('a read counts up to 20,000 attempts of open hours itself, and says when there are more', async () => {
  await log.addWebhook('wh_one');
  const lease = await claimed('one');
  const hour = 'floor(extract(epoch FROM now()) / 3600)::int';
  await set(
    `INSERT INTO attempts (delivery_id, number, started_at, duration_ms, status_code, webhook_id, hour)
     SELECT $1, n, now(), 5, 200, 'wh_one', ${hour} FROM generate_series(1, 20000) AS n`,
    [lease.id],
  );
  expect(await readWebhookHours(log.pool, 'wh_one', 1)).toMatchObject({ counts: [{ attempts: 20_000 }], isComplete: true });
  await set(
    `INSERT INTO attempts (delivery_id, number, started_at, duration_ms, status_code, webhook_id, hour)
     SELECT $1, n, now(), 5, 200, 'wh_one', ${hour} - n % 2 FROM generate_series(20001, 20100) AS n`,
    [lease.id],
  );
  await set('UPDATE counted_hours SET hour = hour - 1');
  const { counts, isComplete } = await readWebhookHours(log.pool, 'wh_one', 1);
  // The earlier hour is complete.
  expect([isComplete, counts.map(({ attempts }) => attempts)]).toEqual([false, [50, 19_950]]);
});

test('old counts are dropped in parts', async () => {
  await set(`INSERT INTO webhook_hours (webhook_id, hour, event_type, status_class, attempts)
    SELECT 'wh_' || n, 1, 'sync.completed', '2xx', 1 FROM generate_series(1, 5001) AS n`);
  const dropped: (number | null)[] = [];
  const query = async (statement: { text: string; values: unknown[] }) => {
    const result = await log.pool.query(statement);
    dropped.push(result.rowCount);
    return result;
  };
  await dropWebhookHours({ query } as unknown as TestLog['pool'], 35);
  expect(dropped).toEqual([5000, 1]);
});

test('the present hour is not counted', async () => {
  expect(await countHour(log.pool)).toBe(false);
});

test('pending deliveries are counted with the hours', async () => {
  await log.addDelivery('one');
  expect(await readWebhookHours(log.pool, 'wh_one', 1)).toMatchObject({ pending: 1, counts: [] });
});

describe('after an upgrade that left out the index of a large partition', () => {
  const indexes = async () => {
    const { rows } = await set(`SELECT indexrelid::regclass::text AS name, indisvalid FROM pg_index
      WHERE indrelid IN ('attempts'::regclass, 'attempts_first'::regclass) AND indexrelid::regclass::text LIKE '%hour%' ORDER BY 1`);
    return rows as unknown[];
  };
  const VALID = [
    { name: 'attempts_first_hour_webhook_id_idx', indisvalid: true },
    { name: 'attempts_hour_webhook_id_idx', indisvalid: true },
  ];

  test('the partition gets it, and meanwhile nothing is counted', async () => {
    expect(await indexes()).toEqual(VALID);
    await set(
      'DROP INDEX attempts_hour_webhook_id_idx; CREATE INDEX attempts_hour_webhook_id_idx ON ONLY attempts (hour, webhook_id)',
    );
    await log.addWebhook('wh_one');
    await record(succeeded(await claimed('one')));
    await set('UPDATE counted_hours SET hour = hour - 2');
    expect([await countHour(log.pool), await read()]).toEqual([false, []]);
    expect(await buildIndexes(log.pool)).toEqual({ built: ['attempts_first_hour_webhook_id_idx'], left: [] });
    expect(await indexes()).toEqual(VALID);
    expect(await read()).toEqual(['sync.completed 2xx 1']);
    expect(await buildIndexes(log.pool)).toEqual({ built: [], left: [] });
  });

  test('a new partition has it', async () => {
    await set("SELECT add_partition('later', '9000-01-01', '9000-01-02')");
    expect(await buildIndexes(log.pool)).toEqual({ built: [], left: [] });
  });
});
