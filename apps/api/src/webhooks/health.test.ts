import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { waitForBlockedQueries } from '../../test/locks.js';
import { startApi, type TestApi } from '../../test/start-api.js';
import { clear, endSuperseded, storedDeliveries } from '../../test/stored-deliveries.js';

let api: TestApi;
let id: string;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await clear(api.database);
  id = String((await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/hook' })).body.id);
});

const read = async () => (await api.as('alice').get(`/api/webhooks/${id}`)).body;
const change = (body: object) => api.as('alice').patch(`/api/webhooks/${id}`).send(body);
const row = () => api.database.prisma.webhook.findUniqueOrThrow({ where: { id } });
const publish = () =>
  api
    .as('service', 'events:publish')
    .post('/api/events')
    .send({ type: 'extraction.started', data: { version: '1', entity_types: [] } });
/** The statuses of all deliveries, in the order of the event log, when workers have ended those of disabled webhooks. */
const statuses = async () => {
  await endSuperseded(api.database);
  return (await storedDeliveries(api.database)).map(({ status }) => status);
};
/** Writes the state that a worker leaves for an endpoint that has failed for days. */
const markFailing = async ({ disabled }: { disabled: boolean }) => {
  await api.database.pool.query(
    `UPDATE webhooks SET failing_since = '2026-03-01', unreachable_count = 9, circuit_opened_at = '2026-03-02',
      circuit_probe_at = now() + interval '1 min', rate_next_at = now(), replay_next_at = now()`,
  );
  if (disabled) {
    await api.database.pool.query(
      "UPDATE webhooks SET enabled = false, disabled_reason = 'failing', disabled_at = '2026-03-03', disabled_notified_at = '2026-03-04'",
    );
  }
};

const HEALTHY = {
  disabled_reason: null,
  disabled_at: null,
  failing_since: null,
  circuit: { state: 'closed', opened_at: null, probe_at: null },
  throttled_until: null,
};
const RESET = { disabledNotifiedAt: null, unreachableCount: 0 };

describe('the health of a webhook', () => {
  test('is good at first', async () => {
    expect(await read()).toMatchObject(HEALTHY);
  });

  test('is shown as the worker recorded it', async () => {
    await markFailing({ disabled: true });
    expect(await read()).toMatchObject({
      enabled: false,
      disabled_reason: 'failing',
      disabled_at: '2026-03-03T00:00:00.000Z',
      failing_since: '2026-03-01T00:00:00.000Z',
      circuit: { state: 'open', opened_at: '2026-03-02T00:00:00.000Z', probe_at: expect.stringMatching(/Z$/) },
    });
    await api.database.pool.query('UPDATE webhooks SET circuit_probe_at = now()');
    expect((await read()).circuit.state).toBe('half_open');
  });

  test('is shown without the internal columns of the worker', async () => {
    expect(Object.keys(await read()).sort()).toEqual(
      [
        ...[
          'id',
          'url',
          'event_types',
          'description',
          'header_names',
          'previous_secrets_valid_until',
          'enabled',
          'max_in_flight',
          'rate_limit',
          'ordering',
          'retry',
        ],
        ...[
          'paused',
          'paused_by',
          'verification',
          'disabled_reason',
          'disabled_at',
          'failing_since',
          'circuit',
          'throttled_until',
          'created_at',
          'updated_at',
        ],
      ].sort(),
    );
  });
});

describe('a webhook whose receiver asked to slow down', () => {
  const hold = (time: string) =>
    api.database.pool.query(
      `UPDATE webhooks SET throttled_until = ${time}, backoff_count = 3, learned_rate = 0.1, slowed_at = now()`,
    );

  test('shows until when nothing is sent to it', async () => {
    await hold("now() + interval '10 min'");
    expect(await read()).toMatchObject({ throttled_until: expect.stringMatching(/Z$/), circuit: { state: 'closed' } });
  });

  test('shows no time that has passed, or that only a clock that was ahead can have written', async () => {
    await hold("now() - interval '1 s'");
    expect((await read()).throttled_until).toBeNull();
    await hold("now() + interval '61 min'");
    expect((await read()).throttled_until).toBeNull();
  });

  test('is held no longer when its URL changes, and its retries are due', async () => {
    await publish();
    await hold("now() + interval '10 min'");
    await api.database.pool.query(
      "UPDATE pending_deliveries SET stage = 'backoff', first_attempt_at = now(), next_attempt_at = now() + interval '1 h'",
    );
    expect((await change({ url: 'https://example.com/other' })).body).toMatchObject({ throttled_until: null });
    expect(await row()).toMatchObject({ throttledUntil: null, backoffCount: 0, learnedRate: null, rateNextAt: null });
    const { rows } = await api.database.pool.query(
      'SELECT greatest(next_attempt_at, wake_at) <= now() AS is_due FROM pending_deliveries',
    );
    expect(rows).toEqual([{ is_due: true }]);
  });

  test('is still held when anything else changes', async () => {
    await hold("now() + interval '10 min'");
    const { body } = await change({ url: 'https://example.com/hook', enabled: true, description: 'mine' });
    expect(body.throttled_until).not.toBeNull();
  });
});

describe('enabling a webhook that Tidings disabled', () => {
  test('resets its failures, and its deliveries are created again', async () => {
    await markFailing({ disabled: true });
    await publish();
    expect((await change({ enabled: true })).body).toMatchObject({ enabled: true, ...HEALTHY });
    expect(await row()).toMatchObject(RESET);
    await publish();
    expect(await statuses()).toEqual(['skipped', 'pending']);
  });
});

describe('disabling a webhook', () => {
  test('by its owner cancels pending deliveries, and sets no reason', async () => {
    await publish();
    expect((await change({ enabled: false })).body).toMatchObject({ enabled: false, disabled_reason: null, disabled_at: null });
    expect(await statuses()).toEqual(['cancelled']);
  });

  test('that Tidings had disabled, and had skipped its pending deliveries, removes the reason, and later events get no delivery', async () => {
    await publish();
    await markFailing({ disabled: true });
    await publish();
    expect((await change({ enabled: false })).body).toMatchObject({ enabled: false, disabled_reason: null, disabled_at: null });
    await publish();
    expect(await statuses()).toEqual(['skipped', 'skipped']);
  });

  test('also ends its replays, so that later replays need not wait for their planned end', async () => {
    await api.database.pool.query("UPDATE webhooks SET replay_next_at = now() + interval '1 day'");
    await change({ enabled: false });
    expect((await row()).replayNextAt).toBeNull();
  });
});

describe('changing the URL', () => {
  test('to a different one resets its failures', async () => {
    await markFailing({ disabled: false });
    expect((await change({ url: 'https://example.com/other' })).body).toMatchObject(HEALTHY);
    expect(await row()).toMatchObject(RESET);
  });

  test('to the same one, or changing another field, does not change its health', async () => {
    await markFailing({ disabled: false });
    await change({ url: 'https://example.com/hook', description: 'mine' });
    expect(await read()).toMatchObject({ failing_since: '2026-03-01T00:00:00.000Z', circuit: { state: 'open' } });
    expect(await row()).toMatchObject({ unreachableCount: 9 });
  });

  test('of a webhook that Tidings disabled does not enable it', async () => {
    await markFailing({ disabled: true });
    expect((await change({ url: 'https://example.com/other' })).body).toMatchObject({
      enabled: false,
      disabled_reason: 'failing',
    });
  });
});

describe('a change while a worker updates the health', () => {
  test('waits for the worker, and overwrites its update', async () => {
    const worker = await api.database.pool.connect();
    await worker.query('BEGIN');
    await worker.query("UPDATE webhooks SET enabled = false, disabled_reason = 'gone', disabled_at = now()");
    const changed = change({ enabled: true }).then((response) => response);
    await waitForBlockedQueries(api.database, 1);
    await worker.query('COMMIT');
    worker.release();
    expect((await changed).body).toMatchObject({ enabled: true, disabled_reason: null, disabled_at: null });
  });
});
