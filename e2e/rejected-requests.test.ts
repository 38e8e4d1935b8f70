import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { gapsUpdated, syncFailed } from '@tidings/events';
import { startReceiver } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import { createUser, type Reply, type User } from './harness/user.js';

const SECRET = 'a-secret-for-tests-of-at-least-32-bytes';

let tidings: Tidings;
let service: User;
beforeAll(async () => {
  // Without workers: none of these tests may need one.
  tidings = await startTidings({ workers: 0, env: { JWT_SECRET: SECRET, WEBHOOKS_PER_OWNER: '5' } });
  service = tidings.asUser('service', 'events:publish');
});
afterAll(() => tidings.stop());

function expectProblem(reply: Reply, status: number): void {
  expect(reply.status).toBe(status);
  expect(reply.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(reply.body).toMatchObject({
    type: 'about:blank',
    title: expect.any(String),
    status,
    detail: expect.any(String),
    request_id: reply.headers.get('x-request-id'),
  });
}

describe('registering', () => {
  test('refuses more than five webhooks of an owner, also for twenty parallel requests', async () => {
    const alice = tidings.asUser('alice');
    const register = async (index: number): Promise<Reply> => {
      const reply = await alice.call('POST', '/api/webhooks', { url: `https://example.com/${String(index)}` });
      // On a busy machine, a request may wait too long for a connection to the database. It is to be sent again.
      return reply.status === 503 ? register(index) : reply;
    };
    const replies = await Promise.all(Array.from({ length: 20 }, (_, index) => register(index)));
    const refused = replies.filter(({ status }) => status !== 201);
    expect(refused).toHaveLength(15);
    for (const reply of refused) expectProblem(reply, 409);
    expect((await alice.call('GET', '/api/webhooks')).body['data']).toHaveLength(5);

    // Each owner may have five, and a deleted webhook does not count.
    expect((await tidings.asUser('bob').call('POST', '/api/webhooks', { url: 'https://example.com/' })).status).toBe(201);
    const [created] = replies.filter(({ status }) => status === 201);
    expect((await alice.call('DELETE', `/api/webhooks/${String(created?.body['id'])}`)).status).toBe(204);
    expect((await alice.call('POST', '/api/webhooks', { url: 'https://example.com/' })).status).toBe(201);
    expectProblem(await alice.call('POST', '/api/webhooks', { url: 'https://example.com/' }), 409);
  });
});

describe('publishing', () => {
  test('refuses invalid events with the name of each wrong field, and writes nothing', async () => {
    const carol = tidings.asUser('carol');
    const webhook = await carol.register(await startReceiver());
    const good = gapsUpdated({ user_id: 'carol', entity_type: 'artist', entity_id: '45' });

    const one = await service.call('POST', '/api/events', {
      type: 'sync.completed',
      data: { user_id: 'carol', items_synced: '150', errors: -1, colour: 'red' },
    });
    expectProblem(one, 400);
    expect(fields(one)).toEqual(['data.colour', 'data.duration_s', 'data.errors', 'data.items_synced']);

    const many = await service.call('POST', '/api/events', {
      events: [good, { type: 'sync.failed', data: { user_id: 'carol' } }, { type: 'sync.nothing', data: {} }, good],
    });
    expectProblem(many, 400);
    expect(fields(many)).toEqual(['events[1].data.error_message', 'events[2].type']);

    expect(await carol.eventLog()).toEqual([]);
    expect(await carol.deliveryLog(webhook)).toEqual([]);
    await expect(tidings.publisher.publish({ ...good, data: { ...good.data, entity_id: '' } })).rejects.toThrow('data.entity_id');
  });

  test('needs a token with the scope `events:publish`', async () => {
    const dora = tidings.asUser('dora');
    const reply = await dora.call('POST', '/api/events', syncFailed({ user_id: 'dora', error_message: '' }));
    expectProblem(reply, 403);
    expect(reply.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="events:publish"');
    expect(await dora.eventLog()).toEqual([]);
  });
});

describe('a token', () => {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  test.each([
    ['is missing', ''],
    ['is malformed', 'not-a-token'],
    ['is signed with another secret', jwt.sign({ sub: 'alice', exp }, 'another-secret-of-at-least-32-bytes!')],
    ['is not signed', jwt.sign({ sub: 'alice', exp }, '', { algorithm: 'none' })],
    ['has expired', jwt.sign({ sub: 'alice', exp: exp - 7200 }, SECRET)],
    ['has no expiry', jwt.sign({ sub: 'alice' }, SECRET)],
    ['has no subject', jwt.sign({ exp }, SECRET)],
  ])('that %s is refused by every route, with the same answer', async (_case, token) => {
    const nobody = createUser(tidings.url, token);
    for (const [method, path] of [
      ['GET', '/api/webhooks'],
      ['POST', '/api/webhooks'],
      ['POST', '/api/events'],
      ['GET', '/api/events/stream'],
      ['GET', '/api/nowhere'],
    ] as const) {
      const reply = await nobody.call(method, path, method === 'POST' ? {} : undefined);
      expectProblem(reply, 401);
      expect(reply.headers.get('www-authenticate')).toBe('Bearer');
      expect(reply.body['detail']).toBe('Send a valid token: "Authorization: Bearer <token>".');
    }
  });
});

describe('the id of another owner', () => {
  test('gets the same 404 as an id that does not exist', async () => {
    const [erin, mallory] = [tidings.asUser('erin'), tidings.asUser('mallory')];
    const webhook = await erin.register({ url: 'https://example.com/' });
    await service.publish(syncFailed({ user_id: 'erin', error_message: '' }));
    const [delivery] = await erin.deliveryLog(webhook);
    if (!delivery) throw new Error('A delivery was expected.');

    for (const [method, path, body] of [
      ['GET', `/api/webhooks/${webhook.id}`],
      ['PATCH', `/api/webhooks/${webhook.id}`, { url: 'https://example.org/' }],
      ['DELETE', `/api/webhooks/${webhook.id}`],
      ['POST', `/api/webhooks/${webhook.id}/rotate-secret`, { overlap_s: 0 }],
      ['POST', `/api/webhooks/${webhook.id}/test`],
      ['GET', `/api/webhooks/${webhook.id}/deliveries`],
      ['GET', `/api/deliveries/${delivery.id}`],
    ] as const) {
      const foreign = await mallory.call(method, path, body);
      const absentPath = path.replace(/[0-9a-f]{12}(?=$|\/)/, '000000000000');
      expect(absentPath).not.toBe(path);
      const absent = await mallory.call(method, absentPath, body);
      expectProblem(foreign, 404);
      expectProblem(absent, 404);
      expect(anonymous(foreign)).toBe(anonymous(absent));
    }

    expect((await erin.call('GET', `/api/webhooks/${webhook.id}`)).body).toMatchObject({
      url: 'https://example.com/',
      enabled: true,
    });
    expect(await erin.deliveryLog(webhook)).toMatchObject([{ id: delivery.id, status: 'pending' }]);
    expect((await mallory.call('GET', '/api/webhooks')).body['data']).toEqual([]);
  });
});

/** The wrong fields in a 400, sorted. */
function fields({ body }: Reply): string[] {
  return (body['errors'] as { field: string }[]).map(({ field }) => field).sort();
}

/** The answer without the requested ids and without its request id, for comparison. */
function anonymous({ body, headers }: Reply): string {
  const { request_id: _requestId, ...rest } = body;
  const names = [...headers.keys()].filter((name) => name !== 'date').sort();
  return JSON.stringify([rest, names]).replace(/(wh|dlv)_[0-9a-f-]{36}/g, 'ID');
}
