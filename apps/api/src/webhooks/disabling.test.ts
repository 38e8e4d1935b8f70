import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../test/start-api.js';
import { clear, endSuperseded, storedDeliveries } from '../../test/stored-deliveries.js';

const WAITING = 3000;

let api: TestApi;
let webhook: string;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await clear(api.database);
  webhook = String((await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' })).body.id);
});

const event = { type: 'sync.failed', data: { user_id: 'alice', error_message: 'none' } };
const publish = async (count: number) => {
  for (let left = count; left > 0; left -= 1000) {
    const events = Array.from({ length: Math.min(left, 1000) }, () => event);
    await api.as('service', 'events:publish').post('/api/events').send({ events });
  }
};
const setEnabled = (enabled: boolean) => api.as('alice').patch(`/api/webhooks/${webhook}`).send({ enabled });
const list = async (query: string) => {
  const { body } = await api.as('alice').get(`/api/webhooks/${webhook}/deliveries?limit=200&${query}`);
  return body.data as { id: string; status: string; next_attempt_at: string | null; waiting_for: string | null }[];
};
const pendingInStats = async () => (await api.as('alice').get('/api/webhooks/stats')).body.data[0]?.pending as number | undefined;
const counts = async () => {
  const { rows } = await api.database.pool.query<{ logged: number; waiting: number; cancellations: number }>(`
    SELECT (SELECT count(*)::int FROM deliveries WHERE status = 'pending') AS logged,
      (SELECT count(*)::int FROM pending_deliveries) AS waiting, (SELECT count(*)::int FROM cancellations) AS cancellations`);
  return rows[0];
};

describe('disabling a webhook with many pending deliveries', () => {
  test('answers without writing them, and none is shown as pending', async () => {
    await publish(WAITING);
    expect(await pendingInStats()).toBe(WAITING);
    const { status, body } = await setEnabled(false);
    expect([status, body.enabled]).toEqual([200, false]);
    expect(await counts()).toEqual({ logged: WAITING, waiting: WAITING, cancellations: 1 });

    expect(await list('status=pending')).toEqual([]);
    expect(await list('status=pending,failed,succeeded')).toEqual([]);
    const shown = await list('status=cancelled');
    expect(shown).toHaveLength(200);
    expect(shown[0]).toMatchObject({ status: 'cancelled', next_attempt_at: null, waiting_for: null });
    expect(new Set((await list('')).map(({ status: each }) => each))).toEqual(new Set(['cancelled']));
    expect(await pendingInStats()).toBe(0);

    await endSuperseded(api.database);
    expect(await counts()).toEqual({ logged: 0, waiting: 0, cancellations: 0 });
    expect((await list('status=cancelled'))[0]).toEqual({ ...shown[0], finished_at: expect.any(String) });
  });

  test('and enabling it again keeps them cancelled: only what is accepted from then on is pending', async () => {
    await publish(20);
    const [old] = await list('');
    await setEnabled(false);
    await setEnabled(true);
    await publish(2);
    const pending = await list('status=pending');
    expect(pending).toHaveLength(2);
    expect(pending.map(({ id }) => id)).not.toContain(old?.id);
    const ids = (listed: { id: string }[]) => listed.map(({ id }) => id).sort();
    expect(ids(await list('status=pending,failed'))).toEqual(ids(pending));
    expect(await list('status=cancelled')).toHaveLength(20);
    expect(await list('')).toHaveLength(22);
    expect(await pendingInStats()).toBe(2);

    await endSuperseded(api.database);
    expect(await counts()).toEqual({ logged: 2, waiting: 2, cancellations: 0 });
    expect(await list('status=pending')).toEqual(pending);
    expect(await list('status=cancelled')).toHaveLength(20);
  });

  test('by disabling its owner shows them as skipped', async () => {
    await publish(20);
    await api.as('olga', 'admin').patch('/api/admin/owners/alice').send({ disabled: true });
    const path = `/api/admin/webhooks/${webhook}/deliveries`;
    const listed = async (query: string) =>
      ((await api.as('olga', 'admin').get(`${path}?${query}`)).body.data as { status: string }[]).map(({ status }) => status);
    expect(await listed('status=pending')).toEqual([]);
    expect(await listed('limit=1')).toEqual(['skipped']);
    await endSuperseded(api.database);
    expect(await listed('status=skipped')).toHaveLength(20);
    await api.as('olga', 'admin').patch('/api/admin/owners/alice').send({ disabled: false });
  });
});

describe('removing a webhook with many pending deliveries', () => {
  test('answers without writing them, and they are shown as cancelled', async () => {
    await publish(WAITING);
    const [delivery] = await list('');
    expect((await api.as('alice').delete(`/api/webhooks/${webhook}`)).status).toBe(204);
    expect(await counts()).toEqual({ logged: WAITING, waiting: WAITING, cancellations: 1 });
    const { body } = await api.as('alice').get(`/api/deliveries/${String(delivery?.id)}`);
    expect(body).toMatchObject({ status: 'cancelled', next_attempt_at: null, waiting_for: null });
    await endSuperseded(api.database);
    expect(new Set((await storedDeliveries(api.database)).map(({ status }) => status))).toEqual(new Set(['cancelled']));
  });
});

describe('a change of a webhook', () => {
  test('is one transaction of one statement, so that a process that freezes meanwhile holds no lock', async () => {
    const statements: string[] = [];
    const { pool } = api.databases.administration;
    const spied = { connect: pool.connect.bind(pool), query: pool.query.bind(pool) };
    const [connect, query] = [spied.connect, spied.query] as ((...input: unknown[]) => unknown)[];
    pool.query = ((...input: unknown[]) => {
      const [statement] = input as [string | { text: string }];
      statements.push(typeof statement === 'string' ? statement : statement.text);
      return query?.(...input);
    }) as typeof pool.query;
    // With a callback the pool connects by itself, for one statement.
    pool.connect = ((...callback: unknown[]) => {
      if (callback.length === 0) statements.push('BEGIN');
      return connect?.(...callback);
    }) as typeof pool.connect;
    try {
      await setEnabled(false);
      await setEnabled(true);
      await api.as('olga', 'admin').patch(`/api/admin/webhooks/${webhook}`).send({ enabled: false });
      await api.as('alice').delete(`/api/webhooks/${webhook}`);
    } finally {
      pool.query = spied.query;
      pool.connect = spied.connect;
    }
    expect(statements.filter((text) => /UPDATE webhooks|DELETE FROM webhooks/.test(text))).toHaveLength(4);
    expect(statements.filter((text) => /FOR (NO KEY )?UPDATE|^BEGIN/.test(text))).toEqual([]);
  });
});
