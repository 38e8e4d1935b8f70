import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
/** A second process of the same installation. */
let other: TestApi;
beforeAll(async () => {
  api = await startApi();
  other = await startApi({ reachDatabase: () => Promise.resolve(api.databaseUrl) });
});
afterAll(async () => {
  await other.stop();
  await api.stop();
});

const ci = (of: TestApi = api) => of.as('ci', 'event-types:write');
const publish = (type: string, data: object, more = {}) =>
  other
    .as('service', 'events:publish')
    .post('/api/events')
    .send({ type, data, ...more });
const invoice = (properties: object, required: string[], more = {}) => ({
  description: 'An invoice was paid.',
  group: 'Billing',
  audience: 'owner',
  owner_field: 'org_id',
  schema: { type: 'object', properties: { org_id: { type: 'string' }, ...properties }, required: ['org_id', ...required] },
  ...more,
});
const AMOUNT = { amount: { type: 'number' } };

describe('an event type', () => {
  test('is written, and is there for every process at once', async () => {
    const created = await ci()
      .put('/api/event-types/invoice.paid')
      .send(invoice(AMOUNT, ['amount'], { examples: [{ org_id: 'a', amount: 1 }] }));
    expect(created).toMatchObject({
      status: 201,
      body: {
        type: 'invoice.paid',
        version: 1,
        default_version: 1,
        versions: [1],
        archived_versions: [],
        title: null,
        group: 'Billing',
        audience: 'owner',
        owner_field: 'org_id',
        unknown_fields: 'refuse',
        examples: [{ org_id: 'a', amount: 1 }],
        deprecated_at: null,
        replaced_by: null,
        archived_at: null,
      },
    });
    expect(await publish('invoice.paid', { org_id: 'acme', amount: 2 })).toMatchObject({ status: 202 });
    const page = await other.as('acme').get('/api/events?types=invoice.*');
    expect(page.body.data).toMatchObject([{ type: 'invoice.paid', version: 1, data: { org_id: 'acme', amount: 2 } }]);
    const registered = await other
      .as('acme')
      .post('/api/webhooks')
      .send({ url: 'https://example.com/', event_types: ['invoice.paid@1'] });
    expect(registered.status).toBe(201);
  });

  test('is the same after it was written again', async () => {
    const { body: before } = await ci().get('/api/event-types/invoice.paid');
    const again = await ci()
      .put('/api/event-types/invoice.paid')
      .send(invoice(AMOUNT, ['amount'], { examples: [{ org_id: 'a', amount: 1 }] }));
    expect(again).toMatchObject({ status: 200, body: before });
  });

  test.each([
    ['a name in upper case', 'Invoice.paid', {}, 'type'],
    ['a name without a verb', 'invoice', {}, 'type'],
    ['a name of Tidings itself', 'webhook.paid', {}, 'type'],
    ['a schema that is none', 'a.b', { schema: { type: 'text' } }, 'schema.type'],
    ['no schema', 'a.b', { schema: undefined }, 'schema'],
    ['a pattern that RE2 does not have', 'a.b', invoice({ x: { pattern: '(?=a)' } }, []), 'schema.properties.x.pattern'],
    ['an owner field that the schema does not have', 'a.b', { owner_field: 'user_id' }, 'schema.properties.user_id'],
    ['an example that does not fit', 'a.b', { examples: [{ org_id: 1 }] }, 'examples[0].org_id'],
    ['an unknown field', 'a.b', { extra: 1 }, 'extra'],
    ['a version that is no number', 'a.b', { version: '1' }, 'version'],
  ])('with %s is refused, with the place', async (_what, name, more, field) => {
    const answer = await ci()
      .put(`/api/event-types/${name}`)
      .send({ ...invoice({}, []), ...more });
    expect([answer.status, answer.body.errors?.map((error: { field: string }) => error.field)]).toEqual([
      400,
      expect.arrayContaining([field]),
    ]);
    expect((await ci().get('/api/event-types/a.b')).status).toBe(404);
  });

  test.each(['put', 'delete'] as const)('is not changed without the scope: %s', async (method) => {
    const answer = await api.as('alice', 'events:publish')[method]('/api/event-types/invoice.paid').send(invoice({}, []));
    expect(answer.status).toBe(403);
  });
});

describe('a change that breaks a contract', () => {
  test('is refused with each change, and names the webhooks that get the type', async () => {
    const answer = await ci()
      .put('/api/event-types/invoice.paid')
      .send(invoice({ amount: { type: 'string' } }, ['amount']));
    expect(answer).toMatchObject({
      status: 409,
      body: {
        breaks: ['publishers', 'receivers'],
        changes: [{ path: 'data.amount', kind: 'field_type_changed', breaks: ['publishers', 'receivers'] }],
        webhooks: [{ owner: 'acme', event_types: ['invoice.paid@1'] }],
        more_webhooks: false,
      },
    });
    expect(await publish('invoice.paid', { org_id: 'acme', amount: 3 })).toMatchObject({ status: 202 });
  });

  test('is told by a dry run, which writes nothing', async () => {
    const dryRun = await ci().put('/api/event-types/invoice.paid?dry_run=true').send(invoice({}, []));
    expect(dryRun).toMatchObject({
      status: 200,
      body: {
        creates: null,
        becomes_default: false,
        breaks: ['publishers', 'receivers'],
        changes: [{ path: 'data.amount', kind: 'field_removed' }],
        webhooks: [{ owner: 'acme' }],
      },
    });
    const created = await ci().put('/api/event-types/not.there?dry_run=true').send(invoice({}, []));
    expect(created).toMatchObject({ status: 200, body: { creates: 'type', changes: [], webhooks: [] } });
    expect((await ci().get('/api/event-types/not.there')).status).toBe(404);
  });

  test('comes as a new version, which a later request makes the default one', async () => {
    const second = invoice({ total: { type: 'number' } }, ['total'], { version: 2 });
    expect(
      await ci()
        .put('/api/event-types/invoice.paid')
        .send({ ...second, default: true }),
    ).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'default' }] },
    });
    expect(await ci().put('/api/event-types/invoice.paid?dry_run=true').send(second)).toMatchObject({
      body: { creates: 'version', breaks: [], changes: [{ path: 'data.amount' }, { path: 'data.total' }] },
    });
    expect(await ci().put('/api/event-types/invoice.paid').send(second)).toMatchObject({
      status: 201,
      body: { version: 2, default_version: 1, versions: [1, 2] },
    });
    expect(await publish('invoice.paid', { org_id: 'acme', total: 1 })).toMatchObject({ status: 400 });
    expect(await publish('invoice.paid', { org_id: 'acme', total: 1 }, { version: 2 })).toMatchObject({ status: 202 });
    expect(
      await ci()
        .put('/api/event-types/invoice.paid?dry_run=true')
        .send({ ...second, default: true }),
    ).toMatchObject({
      body: { becomes_default: true, breaks: [], webhooks: [{ owner: 'acme' }] },
    });
    expect(
      await ci()
        .put('/api/event-types/invoice.paid')
        .send({ ...second, default: true }),
    ).toMatchObject({
      status: 200,
      body: { version: 2, default_version: 2 },
    });
    expect(await publish('invoice.paid', { org_id: 'acme', total: 1 })).toMatchObject({ status: 202 });
    expect((await ci().get('/api/event-types/invoice.paid?version=1')).body).toMatchObject({ version: 1, default_version: 2 });
    expect((await ci().get('/api/event-types/invoice.paid?version=3')).status).toBe(404);
  });
});

describe('an archived event type', () => {
  test('has no new events, and its old ones stay readable; writing it again brings it back', async () => {
    const gone = invoice({}, [], { audience: 'everyone' });
    await ci().put('/api/event-types/shop.closed').send(gone);
    await publish('shop.closed', { org_id: 'x' }, { id: 'closed-1' });
    expect((await ci().delete('/api/event-types/shop.closed')).status).toBe(204);
    expect((await ci().delete('/api/event-types/shop.closed')).status).toBe(204);
    expect(await publish('shop.closed', { org_id: 'x' })).toMatchObject({ status: 400, body: { errors: [{ field: 'type' }] } });
    const webhook = { url: 'https://example.com/', event_types: ['shop.closed'] };
    expect(await other.as('bob').post('/api/webhooks').send(webhook)).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'event_types[0]' }] },
    });
    expect((await other.as('bob').get('/api/events?types=shop.closed')).body.data).toMatchObject([{ id: 'closed-1' }]);
    expect((await ci().get('/api/event-types/shop.closed')).body.archived_at).toEqual(expect.any(String));
    expect(await ci().put('/api/event-types/shop.closed').send(gone)).toMatchObject({ status: 200, body: { archived_at: null } });
    expect(await publish('shop.closed', { org_id: 'x' })).toMatchObject({ status: 202 });
  });

  test('that is not there is a 404, and the default version alone is not archived', async () => {
    expect((await ci().delete('/api/event-types/not.there')).status).toBe(404);
    expect((await ci().delete('/api/event-types/invoice.paid?version=9')).status).toBe(404);
    expect(await ci().delete('/api/event-types/invoice.paid?version=2')).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'version' }] },
    });
    expect((await ci().delete('/api/event-types/invoice.paid?version=1')).status).toBe(204);
    expect((await ci().get('/api/event-types/invoice.paid')).body).toMatchObject({ versions: [2], archived_versions: [1] });
    expect(await publish('invoice.paid', { org_id: 'acme', amount: 1 }, { version: 1 })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'version', message: 'must be a version of the type: 2' }] },
    });
  });
});

test('a deprecated event type says so and what replaces it, until the deprecation is taken back', async () => {
  const deprecate = (body: object) => ci().post('/api/event-types/shop.closed/deprecate').send(body);
  expect(await deprecate({ replaced_by: 'not.there' })).toMatchObject({
    status: 400,
    body: { errors: [{ field: 'replaced_by' }] },
  });
  expect(await deprecate({ replaced_by: 'invoice.paid' })).toMatchObject({
    status: 200,
    body: { deprecated_at: expect.any(String), replaced_by: 'invoice.paid' },
  });
  expect(await publish('shop.closed', { org_id: 'x' })).toMatchObject({ status: 202 });
  expect(await deprecate({ deprecated: false })).toMatchObject({ status: 200, body: { deprecated_at: null, replaced_by: null } });
});

describe('the list of event types', () => {
  test('is in the order of names, page by page, and searched by name, title and description', async () => {
    for (const [name, more] of [
      ['list.one', { title: 'The first', group: 'Lists' }],
      ['list.two', { description: 'Of two, the SECOND.', group: 'Lists' }],
      ['list.three', {}],
    ] as const)
      await ci()
        .put(`/api/event-types/${name}`)
        .send({ ...invoice({}, []), ...more });
    const names = async (query: string) => {
      const { body } = await other.as('alice').get(`/api/event-types?${query}`);
      return { names: body.data.map(({ type }: { type: string }) => type), next: body.next_cursor as string | null };
    };
    expect((await names('search=list.')).names).toEqual(['list.one', 'list.three', 'list.two']);
    expect((await names('search=second')).names).toEqual(['list.two']);
    expect((await names('search=the%20first')).names).toEqual(['list.one']);
    expect((await names('group=Lists')).names).toEqual(['list.one', 'list.two']);
    const first = await names('search=list.&limit=2');
    expect(first.names).toEqual(['list.one', 'list.three']);
    expect(await names(`search=list.&limit=2&cursor=${String(first.next)}`)).toEqual({ names: ['list.two'], next: null });
    await ci().delete('/api/event-types/list.three');
    expect((await names('search=list.')).names).toEqual(['list.one', 'list.two']);
    expect((await names('search=list.&archived=true')).names).toEqual(['list.three']);
  });

  test.each(['/api/event-types?limit=5', '/api/event-types/list.one'])(
    'has an ETag until a type is changed: %s',
    async (path) => {
      const read = (tag: string) => other.as('alice').get(path).set('if-none-match', tag);
      const { etag = '' } = (await read('"none"')).headers as { etag?: string };
      expect(await read(etag)).toMatchObject({ status: 304, text: '' });
      expect((await read(`W/${etag}, "other"`)).status).toBe(304);
      await ci()
        .put('/api/event-types/list.one')
        .send(invoice({}, [], { description: `Changed for ${path}.` }));
      const changed = await read(etag);
      expect(changed.status).toBe(200);
      expect(changed.headers['etag']).not.toBe(etag);
    },
  );
});

test('each change is in the audit log, with its actor', async () => {
  await ci().put('/api/event-types/audited.type').send(invoice({}, []));
  await ci()
    .put('/api/event-types/audited.type')
    .send(invoice({ more: { type: 'string' } }, [], { title: 'Title' }));
  await ci().delete('/api/event-types/audited.type');
  const { body } = await api.as('olga', 'admin').get('/api/admin/audit?limit=3');
  expect(body.data).toMatchObject([
    { actor: 'ci', actor_kind: 'operator', action: 'event_type.archived', details: { type: { to: 'audited.type' } } },
    {
      action: 'event_type.changed',
      details: { title: { from: null, to: 'Title' }, version: { to: 1 }, contract: { to: ['field_added data.more'] } },
    },
    { action: 'event_type.created', details: { type: { to: 'audited.type' } } },
  ]);
});
