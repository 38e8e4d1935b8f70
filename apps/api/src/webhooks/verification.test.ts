import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { takeUnverified, wakeDeliveries } from '@tidings/database';
import { startApi, type TestApi } from '../../test/start-api.js';
import { endPending, storedDeliveries } from '../../test/stored-deliveries.js';

const WAITS = {
  paused: true,
  paused_by: ['verification'],
  verification: { state: 'waiting', verified_at: null, failed_at: null, error_class: null, error: null },
};
const NEEDS_NONE = { paused: false, paused_by: [], verification: { ...WAITS.verification, state: 'none' } };

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ env: { VERIFY_WEBHOOKS: 'on' }, limits: { perHost: 3 } });
});
afterAll(() => api.stop());

let owners = 0;
const newOwner = () => api.as(`owner-${String((owners += 1))}`);
const register = async (owner: ReturnType<typeof newOwner>, url: string) => {
  const { status, body } = await owner.post('/api/webhooks').send({ url });
  expect(status).toBe(201);
  return `/api/webhooks/${String(body.id)}`;
};
const verified = (url: string) =>
  api.database.pool.query('UPDATE webhooks SET unverified_since = NULL, verified_at = now() WHERE url = $1', [url]);

describe('with VERIFY_WEBHOOKS=on', () => {
  test('a new webhook waits for its verification, also one that is registered again with the same key', async () => {
    const owner = newOwner();
    const send = () => owner.post('/api/webhooks').set('idempotency-key', 'once').send({ url: 'https://new.example.com/' });
    expect((await send()).body).toMatchObject(WAITS);
    expect((await send()).body).toMatchObject(WAITS);
  });

  test('every other URL needs a verification, also at the same origin; other changes keep what was verified', async () => {
    const owner = newOwner();
    const url = 'https://change.example.com/a';
    const path = await register(owner, url);
    await verified(url);
    const { body } = await owner.patch(path).send({ url, description: 'mine', paused: false, event_types: ['*'] });
    expect(body).toMatchObject({ paused: false, verification: { state: 'verified' } });
    expect((await owner.patch(path).send({ url: 'https://change.example.com/b' })).body).toMatchObject(WAITS);
  });

  test('an owner cannot lift the wait, nor set what a verification sets', async () => {
    const owner = newOwner();
    const path = await register(owner, 'https://lift.example.com/');
    for (const change of [{ paused: false }, { enabled: true }, { enabled: false }, { enabled: true, paused: false }])
      expect((await owner.patch(path).send(change)).body).toMatchObject({ paused_by: ['verification'] });
    for (const change of [{ verified_at: '2026-01-01T00:00:00Z' }, { verification: { state: 'verified' } }, { paused_by: [] }])
      expect((await owner.patch(path).send(change)).status).toBe(400);
  });

  test('requests for a challenge, registrations and changes of a URL count for the host', async () => {
    const [one, other] = [newOwner(), newOwner()];
    const path = await register(one, 'https://aimed.example.com/');
    expect((await one.post(`${path}/verify`)).status).toBe(202);
    expect((await one.patch(path).send({ url: 'https://aimed.example.com/other' })).status).toBe(200);
    expect((await one.post(`${path}/verify`)).status).toBe(429);
    expect((await one.patch(path).send({ url: 'https://aimed.example.com/third' })).status).toBe(429);
    expect((await other.post('/api/webhooks').send({ url: 'https://aimed.example.com:8443/' })).status).toBe(429);
    expect((await other.get('/api/webhooks')).body.data).toEqual([]);
  });

  test('a webhook that does not wait is not challenged, and a disabled one neither', async () => {
    const owner = newOwner();
    const url = 'https://idle.example.com/';
    const path = await register(owner, url);
    await owner.patch(path).send({ enabled: false });
    expect((await owner.post(`${path}/verify`)).status).toBe(409);
    await verified(url);
    expect(await owner.post(`${path}/verify`)).toMatchObject({ status: 200, body: { verification: { state: 'verified' } } });
    expect((await newOwner().post(`${path}/verify`)).status).toBe(404);
  });

  test('enabling a webhook that waits sends a challenge, so it counts for the host as well', async () => {
    const owner = newOwner();
    const path = await register(owner, 'https://toggled.example.com/');
    const toggle = async () => {
      await owner.patch(path).send({ enabled: false });
      return (await owner.patch(path).send({ enabled: true })).status;
    };
    expect([await toggle(), await toggle(), await toggle()]).toEqual([200, 200, 429]);
    expect((await owner.get(path)).body).toMatchObject({ enabled: false });
  });

  test('a webhook that waits gets no test, and its retries and replays wait as well', async () => {
    const owner = newOwner();
    const url = 'https://silent.example.com/';
    const path = await register(owner, url);
    expect(await owner.post(`${path}/test`)).toMatchObject({ status: 409, body: { title: 'The webhook is not verified' } });

    const event = { type: 'extraction.started', data: { version: '1', entity_types: [] } };
    await api
      .as('service', 'events:publish')
      .post('/api/events')
      .send({ events: [event, event] });
    await endPending(api.database, 'failed', 1);
    const mine = (await owner.get(`${path}/deliveries`)).body.data as { id: string }[];
    expect((await owner.post(`/api/deliveries/${String(mine[0]?.id)}/retry`)).status).toBe(202);
    const since = new Date(Date.now() - 3_600_000).toISOString();
    expect((await owner.post(`${path}/replay`).send({ since })).body).toMatchObject({ count: 1 });
    await api.database.pool.query('UPDATE pending_deliveries SET next_attempt_at = now(), wake_at = now()');
    const { admitted } = await wakeDeliveries(api.database.pool, { againAfterMs: 0 });
    expect(admitted.filter(({ id }) => mine.some((one) => one.id === id))).toEqual([]);
    const stored = await storedDeliveries(api.database);
    expect(mine.map(({ id }) => stored.find((one) => one.id === id)?.stage)).toEqual(['parked', 'parked']);
  });

  test('operators list the webhooks that wait, and see why the last challenge failed', async () => {
    const operator = api.as('olga', 'admin');
    const owner = newOwner();
    const url = 'https://listed.example.com/';
    const path = await register(owner, url);
    const list = async () => {
      const { body } = await operator.get('/api/admin/webhooks?state=unverified&limit=200');
      return (body.data as { url: string }[]).filter((webhook) => webhook.url === url);
    };
    const count = async () => Number((await operator.get('/api/admin/overview')).body.webhooks.unverified);
    const before = await count();
    await api.database.pool.query(
      "UPDATE webhooks SET verification_failed_at = now(), verification_error_class = 'http_status', verification_error = 'The response had the status 404.' WHERE url = $1",
      [url],
    );
    expect(await list()).toMatchObject([
      {
        url,
        paused_by: ['verification'],
        verification: {
          state: 'waiting',
          failed_at: expect.any(String),
          error_class: 'http_status',
          error: 'The response had the status 404.',
        },
      },
    ]);
    await verified(url);
    expect(await list()).toEqual([]);
    expect(await count()).toBe(before - 1);
    expect((await owner.get(path)).body).toMatchObject({ verification: { state: 'verified' } });
  });
});

test('webhooks that exist when verifications are switched on keep running, and only another URL has to be verified', async () => {
  const owner = newOwner();
  const url = 'https://existing.example.com/';
  const path = await register(owner, url);
  // Such as a webhook was while no setting asked for a verification.
  await api.database.pool.query('UPDATE webhooks SET unverified_since = NULL, verified_at = NULL WHERE url = $1', [url]);
  expect((await owner.get(path)).body).toMatchObject(NEEDS_NONE);
  for (const change of [
    { description: 'mine' },
    { enabled: false },
    { enabled: true },
    { paused: true },
    { paused: false },
    { url },
  ])
    await owner.patch(path).send(change);
  expect((await owner.get(path)).body).toMatchObject({ ...NEEDS_NONE, enabled: true });
  expect(await owner.post(`${path}/verify`)).toMatchObject({ status: 200, body: NEEDS_NONE });
  const challenged = (await takeUnverified(api.database.pool)).map((webhook) => webhook.url);
  expect(challenged).not.toContain(url);
  expect((await owner.patch(path).send({ url: 'https://existing.example.com/other' })).body).toMatchObject(WAITS);
});

test('by default, webhooks need no verification, whatever their URL becomes', async () => {
  const off = await startApi();
  try {
    const path = `/api/webhooks/${String((await off.as('alice').post('/api/webhooks').send({ url: 'https://a.example.com/' })).body.id)}`;
    expect((await off.as('alice').get(path)).body).toMatchObject(NEEDS_NONE);
    expect((await off.as('alice').patch(path).send({ url: 'https://b.example.com/' })).body).toMatchObject(NEEDS_NONE);
    expect(await off.as('alice').post(`${path}/verify`)).toMatchObject({ status: 200, body: NEEDS_NONE });
  } finally {
    await off.stop();
  }
});
