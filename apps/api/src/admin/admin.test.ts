import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../test/start-api.js';
import { toCursor } from '../http/cursor.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ limits: { perOwner: 1000 } });
});
afterAll(() => api.stop());
afterEach(async () => {
  await operator.patch('/api/admin/pause').send({ paused: false });
});

const operator = {
  get: (path: string) => api.as('olga', 'admin').get(path),
  patch: (path: string) => api.as('olga', 'admin').patch(path),
};
const register = async (owner: string, fields: object = {}) => {
  const { body } = await api
    .as(owner)
    .post('/api/webhooks')
    .send({ url: 'https://example.com/hook', ...fields });
  return String(body.id);
};
const publish = (owner: string) =>
  api
    .as('service', 'events:publish')
    .post('/api/events')
    .send({ type: 'sync.failed', data: { user_id: owner, error_message: '' } });
const audit = async (query: string) => {
  const { body } = await operator.get(`/api/admin/audit?${query}`);
  return (body.data as { actor: string; action: string; details: object }[]).map(({ actor, action, details }) => [
    actor,
    action,
    details,
  ]);
};

describe('a pause', () => {
  test('of all deliveries shows its start and its actor, and ends with the resume', async () => {
    const paused = await operator.patch('/api/admin/pause').send({ paused: true });
    expect(paused.body).toEqual({ paused: true, paused_at: expect.any(String), paused_by: 'olga' });
    expect((await operator.get('/api/admin/pause')).body).toEqual(paused.body);
    const resumed = await operator.patch('/api/admin/pause').send({ paused: false });
    expect(resumed.body).toEqual({ paused: false, paused_at: null, paused_by: null });
    expect((await audit('limit=2')).map(([actor, action]) => [actor, action])).toEqual([
      ['olga', 'deliveries.resumed'],
      ['olga', 'deliveries.paused'],
    ]);
  });

  test('of a webhook is visible to its owner, who can still change the webhook', async () => {
    const id = await register('pia');
    const { body } = await operator.patch(`/api/admin/webhooks/${id}`).send({ paused: true });
    expect(body).toMatchObject({ id, owner: 'pia', paused: true, enabled: true });
    await publish('pia');
    const { body: deliveries } = await api.as('pia').get(`/api/webhooks/${id}/deliveries`);
    expect(deliveries.data).toMatchObject([{ status: 'pending', waiting_for: 'slot' }]);
    expect((await api.as('pia').patch(`/api/webhooks/${id}`).send({ description: 'mine' })).body).toMatchObject({ paused: true });
    expect((await operator.get('/api/admin/webhooks?state=paused')).body.data).toMatchObject([{ id }]);
  });
});

describe('a webhook that an operator disabled', () => {
  test('shows the reason to its owner, who cannot enable it, and has its pending deliveries skipped', async () => {
    const id = await register('dan');
    await publish('dan');
    const { body } = await operator.patch(`/api/admin/webhooks/${id}`).send({ enabled: false });
    expect(body).toMatchObject({ enabled: false, disabled_reason: 'operator', disabled_at: expect.any(String) });
    expect((await api.as('dan').get(`/api/webhooks/${id}/deliveries`)).body.data).toMatchObject([{ status: 'skipped' }]);
    const refused = await api.as('dan').patch(`/api/webhooks/${id}`).send({ enabled: true, description: 'x' });
    expect(refused.status).toBe(409);
    expect((await api.as('dan').patch(`/api/webhooks/${id}`).send({ enabled: false })).body).toMatchObject({
      disabled_reason: 'operator',
      description: null,
    });
    expect((await operator.patch(`/api/admin/webhooks/${id}`).send({ enabled: true })).body).toMatchObject({
      enabled: true,
      disabled_reason: null,
    });
  });
});

describe('an owner whom an operator disabled', () => {
  test('gets a 403, has streams ended and webhooks disabled, and has both back after being enabled', async () => {
    const id = await register('eve');
    const disabledBefore = await register('eve', { enabled: false });
    const stream = await fetch(`${api.url}/api/events/stream`, { headers: { authorization: `Bearer ${api.token('eve')}` } });
    const { body } = await operator.patch('/api/admin/owners/eve').send({ disabled: true });
    expect(body).toMatchObject({ owner: 'eve', disabled: true, webhooks: 2 });
    expect((await api.as('eve').get('/api/webhooks')).status).toBe(403);
    await api.revocations.refresh();
    expect(await stream.text()).toContain('event: stream.end\ndata: {"reason":"owner_disabled"}');
    expect((await operator.get(`/api/admin/webhooks/${id}`)).body).toMatchObject({ enabled: false, disabled_reason: 'operator' });

    await operator.patch('/api/admin/owners/eve').send({ disabled: false });
    const { body: webhooks } = await api.as('eve').get('/api/webhooks');
    expect(webhooks.data).toMatchObject([
      { id: disabledBefore, enabled: false, disabled_reason: null },
      { id, enabled: true, disabled_reason: null },
    ]);
    expect(await audit('owner=eve&limit=10')).toEqual(
      expect.arrayContaining([['olga', 'owner.changed', { disabled: { from: false, to: true } }]]),
    );
  });

  test('stays disabled when an operator changes a limit', async () => {
    await operator.patch('/api/admin/owners/ezra').send({ disabled: true });
    expect((await operator.patch('/api/admin/owners/ezra').send({ webhooks_limit: 2 })).body).toMatchObject({ disabled: true });
    expect((await api.as('ezra').get('/api/webhooks')).status).toBe(403);
  });
});

describe('the limits of an owner', () => {
  test('on webhooks apply to this owner only, and null restores the default', async () => {
    expect((await operator.patch('/api/admin/owners/lea').send({ webhooks_limit: 1 })).body).toMatchObject({ webhooks_limit: 1 });
    await register('lea');
    const refused = await api.as('lea').post('/api/webhooks').send({ url: 'https://example.com/' });
    expect(refused).toMatchObject({ status: 409, body: { detail: expect.stringContaining('1 webhooks') } });
    await operator.patch('/api/admin/owners/lea').send({ webhooks_limit: null });
    expect((await api.as('lea').post('/api/webhooks').send({ url: 'https://example.com/' })).status).toBe(201);
  });

  test('on requests apply to this owner only', async () => {
    await operator.patch('/api/admin/owners/leo').send({ requests_per_minute: 2 });
    const statuses = async (owner: string) => {
      const list: number[] = [];
      for (let count = 0; count < 3; count += 1) list.push((await api.as(owner).get('/api/event-types')).status);
      return list;
    };
    expect(await statuses('leo')).toEqual([200, 200, 429]);
    expect(await statuses('lia')).toEqual([200, 200, 200]);
  });

  test.each([
    [{}, ''],
    [{ webhooks_limit: -1 }, 'webhooks_limit'],
    [{ requests_per_minute: 0 }, 'requests_per_minute'],
    [{ disabled: 'yes' }, 'disabled'],
  ])('are refused when invalid, and the error names the field: %j', async (body, field) => {
    const response = await operator.patch('/api/admin/owners/leo').send(body);
    expect(response).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });
});

test('operators list owners, and an unknown owner has zero counts', async () => {
  await register('uma');
  const { body } = await operator.get('/api/admin/owners?limit=200');
  expect(body.data).toEqual(expect.arrayContaining([expect.objectContaining({ owner: 'uma', webhooks: 1, disabled: false })]));
  expect((await operator.get('/api/admin/owners/no%20one')).body).toMatchObject({ owner: 'no one', webhooks: 0, attempts: 0 });
  expect((await operator.get('/api/admin/owners/a%00b')).status).toBe(404);
});

test('the overview counts pending deliveries and webhooks, and lists the attempts minute by minute', async () => {
  const { body: before } = await operator.get('/api/admin/overview');
  await operator.patch('/api/admin/pause').send({ paused: true });
  await register('ove');
  await publish('ove');
  const { body } = await operator.get('/api/admin/overview');
  expect(body.pause.paused).toBe(true);
  expect(body.queue.parked).toBe(Number(before.queue.parked) + 1);
  expect(body.queue.oldest_pending_at).toEqual(expect.any(String));
  expect(body.webhooks.total).toBe(Number(before.webhooks.total) + 1);
  expect(body.minutes).toHaveLength(60);
});

test.each(['/api/admin/audit?owner=%00', '/api/admin/audit?webhook_id=%00', '/api/admin/webhooks?owner=a%00b'])(
  'a filter that can match nothing is refused: %s',
  async (path) => {
    const { status, body } = await operator.get(path);
    expect({ status, errors: body.errors }).toMatchObject({
      status: 400,
      errors: [{ field: expect.stringMatching(/^(owner|webhook_id)$/) }],
    });
  },
);

test('operators read the webhooks and deliveries of every owner, but no secrets', async () => {
  const id = await register('wes', { headers: { 'x-key': 'confidential' } });
  await publish('wes');
  const { body, text } = await operator.get('/api/admin/webhooks?owner=wes');
  expect(body.data).toMatchObject([{ id, owner: 'wes', header_names: ['x-key'] }]);
  expect(text).not.toMatch(/confidential|secret"/);
  const { body: deliveries } = await operator.get(`/api/admin/webhooks/${id}/deliveries?status=pending`);
  const delivery = await operator.get(`/api/admin/deliveries/${String(deliveries.data[0].id)}`);
  expect(delivery.body).toMatchObject({ webhook_id: id, attempts: [] });
});

describe('the audit log', () => {
  test('lists every change of a webhook and its secrets with the actor, and contains no secret value', async () => {
    const id = await register('ada', { headers: { 'x-key': 'confidential' } });
    const asOwner = api.as('ada');
    await asOwner.patch(`/api/webhooks/${id}`).send({ url: 'https://example.com/other', rate_limit: 5 });
    await asOwner.patch(`/api/webhooks/${id}`).send({ headers: { 'x-key': 'another' } });
    await asOwner.post(`/api/webhooks/${id}/rotate-secret`).send({});
    await asOwner.patch(`/api/webhooks/${id}`).send({ enabled: false });
    await operator.patch(`/api/admin/webhooks/${id}`).send({ paused: true });
    await asOwner.delete(`/api/webhooks/${id}`);
    const entries = await audit(`webhook_id=${id}`);
    expect(entries.reverse()).toMatchObject([
      ['ada', 'webhook.created', { url: { to: 'https://example.com/hook' }, headers: { to: 'secret' } }],
      [
        'ada',
        'webhook.changed',
        { url: { from: 'https://example.com/hook', to: 'https://example.com/other' }, rate_limit: { from: null, to: 5 } },
      ],
      ['ada', 'webhook.changed', { headers: { from: 'secret', to: 'secret' } }],
      ['ada', 'secret.rotated', {}],
      ['ada', 'webhook.disabled', {}],
      ['olga', 'webhook.paused', { paused_by: { from: [], to: ['operator'] } }],
      ['ada', 'webhook.deleted', { url: { from: 'https://example.com/other' } }],
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/confidential|another|whsec|sealed/);
  });

  test('names tidings as the actor of a change by Tidings itself, also on a connection that an owner used before', async () => {
    const id = await register('aim');
    await api.database.pool.query("UPDATE webhooks SET enabled = false, disabled_reason = 'gone' WHERE id = $1", [id]);
    expect((await audit(`webhook_id=${id}`))[0]).toEqual(['tidings', 'webhook.disabled', { reason: { from: null, to: 'gone' } }]);
  });

  test('tells Tidings from an owner and an operator whose tokens name "tidings"', async () => {
    const id = await register('tidings');
    await api.as('tidings', 'admin').patch(`/api/admin/webhooks/${id}`).send({ paused: true });
    await api.as('tidings').post(`/api/webhooks/${id}/rotate-secret`).send({});
    await api.database.pool.query("UPDATE webhooks SET enabled = false, disabled_reason = 'gone' WHERE id = $1", [id]);
    await api.as('tidings').delete(`/api/webhooks/${id}`);
    const { body } = await operator.get(`/api/admin/audit?webhook_id=${id}`);
    const entries = (body.data as { actor: string; actor_kind: string; action: string }[]).reverse();
    expect(entries.map(({ actor, actor_kind: kind, action }) => [actor, kind, action])).toEqual([
      ['tidings', 'owner', 'webhook.created'],
      ['tidings', 'operator', 'webhook.paused'],
      ['tidings', 'owner', 'secret.rotated'],
      ['tidings', 'system', 'webhook.disabled'],
      ['tidings', 'owner', 'webhook.deleted'],
    ]);
  });

  test('records what an owner named "tidings reseal" does, and hides none of it as a reseal', async () => {
    const id = await register('tidings reseal');
    await api
      .as('tidings reseal')
      .patch(`/api/webhooks/${id}`)
      .send({ headers: { 'x-key': 'another' } });
    await api.as('tidings reseal').post(`/api/webhooks/${id}/rotate-secret`).send({});
    expect((await audit(`webhook_id=${id}`)).map(([, action]) => action)).toEqual([
      'secret.rotated',
      'webhook.changed',
      'webhook.created',
    ]);
  });

  test('has the kinds of deliveries that are cancelled or paused, and of changed owners', async () => {
    await register('kim');
    await publish('kim');
    const { body: events } = await api.as('kim').get('/api/events?order=desc&limit=1');
    const { body: deliveries } = await api.as('kim').get(`/api/deliveries?event_id=${String(events.data[0].id)}`);
    await api.as('kim').post(`/api/deliveries/${String(deliveries.data[0].id)}/cancel`);
    await operator.patch('/api/admin/pause').send({ paused: true });
    await operator.patch('/api/admin/owners/kim').send({ webhooks_limit: 7 });
    await operator.patch('/api/admin/owners/kim').send({ disabled: true });
    const { body } = await operator.get('/api/admin/audit?limit=5');
    expect((body.data as { actor_kind: string; action: string }[]).map((entry) => [entry.actor_kind, entry.action])).toEqual([
      ['operator', 'webhook.disabled'],
      ['operator', 'owner.changed'],
      ['operator', 'owner.changed'],
      ['operator', 'deliveries.paused'],
      ['owner', 'delivery.cancelled'],
    ]);
  });

  test('has no entry for the health columns that workers write to the row of a webhook', async () => {
    const id = await register('art');
    await api.database.pool.query('UPDATE webhooks SET unreachable_count = 3, failing_since = now() WHERE id = $1', [id]);
    expect(await audit(`webhook_id=${id}`)).toHaveLength(1);
  });

  test('is read page by page, newest first', async () => {
    await register('pam');
    await register('pam');
    const first = await operator.get('/api/admin/audit?owner=pam&limit=1');
    const second = await operator.get(`/api/admin/audit?owner=pam&limit=1&cursor=${String(first.body.next_cursor)}`);
    expect(Number(first.body.data[0].id)).toBeGreaterThan(Number(second.body.data[0].id));
    expect(second.body.next_cursor).toBeNull();
    for (const cursor of ['x', toCursor('audit log', 'abc'), toCursor('audit log', '9'.repeat(30))])
      expect((await operator.get(`/api/admin/audit?cursor=${cursor}`)).body).toMatchObject({
        status: 400,
        errors: [{ field: 'cursor' }],
      });
  });
});

test('an owner reads the statistics of their webhooks', async () => {
  const id = await register('sue');
  await publish('sue');
  const { body } = await api.as('sue').get('/api/webhooks/stats');
  expect(body).toMatchObject({ data: [{ webhook_id: id, pending: 1, success_rate: null, p95_ms: null }], next_cursor: null });
  expect((await api.as('sid').get('/api/webhooks/stats')).body).toEqual({ data: [], next_cursor: null });
});
