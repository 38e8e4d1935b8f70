import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseNetworks } from '@tidings/egress';
import { startApi, type TestApi } from '../../test/start-api.js';
import { createMustVerify } from './must-verify.js';

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
});

test('by default, webhooks need no verification, and those that exist when it is switched on keep their URL', async () => {
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

describe('with VERIFY_WEBHOOKS=public', () => {
  const allowed = parseNetworks('10.0.0.0/8,fd00::/8');
  const mustVerify = createMustVerify('public', { allowed });
  test.each([
    'https://example.com/',
    'https://billing.example.com/',
    // Its owner can let it resolve inside for a moment.
    'https://10.0.0.1.example.com/',
    'http://8.8.8.8/',
    'http://[2606:4700::1111]/',
    'https://internal.example/',
    'https://localhost.example.com/',
  ])('%s must be verified', (url) => {
    expect(mustVerify(url)).toBe(true);
  });
  test.each([
    'http://10.1.2.3/',
    'http://167838211/',
    'http://[fd00::1]/',
    'http://[::ffff:10.1.2.3]:8080/',
    'http://billing/',
    'http://billing.:8080/',
    'http://billing.prod.svc/',
    'http://BILLING.internal./',
  ])('%s is in the network of the operator', (url) => {
    expect(mustVerify(url)).toBe(false);
  });
});
