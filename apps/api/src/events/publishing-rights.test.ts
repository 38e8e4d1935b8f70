import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { followStream } from '../../test/follow-stream.js';
import { startApi, type TestApi } from '../../test/start-api.js';
import { clear } from '../../test/stored-deliveries.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ limits: { perOwner: 1000 } });
});
afterAll(() => api.stop());
beforeEach(async () => {
  await clear(api.database);
});

const sync = { type: 'sync.completed', data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1.5 } };
const failed = { type: 'sync.failed', data: { user_id: 'alice', error_message: '' } };
const started = { type: 'extraction.started', data: { version: '2026-11', entity_types: ['artists'] } };
const publish = (scope: string, body: object, key?: string) =>
  api
    .as('service', scope)
    .post('/api/events')
    .set(key === undefined ? {} : { 'idempotency-key': key })
    .send(body);
const logged = async () => (await api.as('olga', 'admin').get('/api/admin/events')).body.data as object[];

describe('a token with scopes for types', () => {
  test.each<[string, object]>([
    ['events:publish', sync],
    ['events:publish:*', started],
    ['events:publish:sync.*', sync],
    ['events:publish:sync.completed', sync],
    ['events:publish:sync.* events:publish:extraction.*', { events: [sync, failed, started] }],
    ['events:publish:SYNC.* events:publish:sync.completed', sync],
  ])('publishes events that they cover: %s', async (scope, body) => {
    expect((await publish(scope, body)).status).toBe(202);
  });

  test('is refused another type, with its name and a scope that would do', async () => {
    const response = await publish('events:publish:sync.completed', failed);
    expect(response).toMatchObject({
      status: 403,
      body: {
        detail: expect.stringContaining('may not publish sync.failed'),
        errors: [{ field: 'type', message: expect.stringContaining('"sync.failed"') }],
      },
    });
    expect(response.headers['www-authenticate']).toBe('Bearer error="insufficient_scope", scope="events:publish:sync.failed"');
  });

  test('is refused a whole batch, in which each event that it may not publish is named', async () => {
    const { status, body } = await publish('events:publish:sync.*', { events: [sync, started, failed, started] });
    expect([status, body.errors]).toEqual([
      403,
      [
        { field: 'events[1].type', message: 'no scope of the token covers "extraction.started"' },
        { field: 'events[3].type', message: 'no scope of the token covers "extraction.started"' },
      ],
    ]);
    expect(await logged()).toEqual([]);
  });

  test('uses up no idempotency key with a refused request', async () => {
    expect((await publish('events:publish:sync.*', started, 'key-1')).status).toBe(403);
    expect((await publish('events:publish:sync.*', sync, 'key-1')).status).toBe(202);
  });

  test.each(['events:publish:', 'events:publish:sync*', 'events:publish:*.completed', 'events:publish:Sync.*', ''])(
    'that are malformed may publish nothing, and its body is not read: %j',
    async (scope) => {
      const { status, body } = await publish(scope, { wrong: true });
      expect([status, body.detail]).toEqual([403, 'The token lacks the scope "events:publish".']);
    },
  );

  test('may read no more than others', async () => {
    expect((await api.as('service', 'events:publish:*').get('/api/admin/events')).status).toBe(403);
  });
});

test('requests of a token with scopes for types count as those of a publisher', async () => {
  const limited = await startApi({ limits: { publish: 1, perOwner: 0 } });
  const statuses: number[] = [];
  for (let count = 0; count < 2; count += 1) {
    statuses.push((await limited.as('service', 'events:publish:sync.*').post('/api/events').send(sync)).status);
  }
  await limited.stop();
  expect(statuses).toEqual([202, 429]);
});

describe('the publisher of an event', () => {
  test('is shown to operators, in lists and alone, and the first one counts', async () => {
    await publish('events:publish', { ...sync, id: 'sync-1' });
    await api
      .as('another', 'events:publish')
      .post('/api/events')
      .send({ ...sync, id: 'sync-1' });
    expect(await logged()).toMatchObject([{ id: 'sync-1', published_by: 'service' }]);
    expect((await api.as('olga', 'admin').get('/api/admin/events/sync-1')).body).toMatchObject({ published_by: 'service' });
  });

  test('is shown to no owner, also on streams of operators', async () => {
    const stream = await followStream(api, { token: api.token('alice') });
    await publish('events:publish', { ...sync, id: 'sync-1' });
    await eventually(() => {
      expect(stream.received.text).toContain('id: sync-1');
    });
    stream.close();
    const shown = [
      stream.received.text,
      (await api.as('alice').get('/api/events')).text,
      (await api.as('alice').get('/api/events?order=desc&types=sync.completed')).text,
      (await api.as('alice').get('/api/events/sync-1')).text,
      (await api.as('alice', 'admin').get('/api/events/sync-1')).text,
    ];
    expect(shown.join()).toContain('sync.completed');
    expect(shown.join()).not.toMatch(/published_by|publishedBy|service/);
  });

  test('is not known of events that did not come over HTTP', async () => {
    await api.database.pool.query(
      `INSERT INTO events (id, type, data, timestamp) VALUES ('evt-old', 'extraction.started', '{}', now())`,
    );
    expect(await logged()).toMatchObject([{ id: 'evt-old', published_by: null }]);
  });
});
