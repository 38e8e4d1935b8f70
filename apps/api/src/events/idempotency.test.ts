import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { startApi, type TestApi } from '../../test/start-api.js';
import { clear } from '../../test/stored-deliveries.js';
import { digestOf } from '../http/idempotency-key.js';
import { eventIdForKey } from './idempotency.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await clear(api.database);
});

const sync = (items_synced = 1, more: object = {}) => ({
  type: 'sync.completed',
  data: { user_id: 'alice', items_synced, errors: 0, duration_s: 1.5 },
  ...more,
});
const publish = (key: string, body: object, caller = 'service') =>
  api.as(caller, 'events:publish').post('/api/events').set('idempotency-key', key).send(body);
const ids = ({ body }: { body: { data: { id: string }[] } }) => body.data.map(({ id }) => id);

describe('the event id for an idempotency key', () => {
  const parts = fc.tuple(fc.string({ unit: 'binary' }), fc.string(), fc.nat());

  test('is a UUIDv8, and the same for the same owner, key and index', () => {
    fc.assert(
      fc.property(parts, ([owner, key, index]) => {
        const id = eventIdForKey(owner, key, index);
        expect(id).toMatch(/^evt_[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(eventIdForKey(owner, key, index)).toBe(id);
      }),
    );
  });

  test('differs for another owner, key or index', () => {
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(eventIdForKey(...one)).not.toBe(eventIdForKey(...other));
      }),
    );
  });

  test('does not change between versions of Tidings', () => {
    expect(eventIdForKey('service', 'order-4711', 0)).toBe('evt_2f5e0c94-2319-83da-ab5a-acb2f3294f38');
  });
});

describe('the digest of a body', () => {
  test('does not depend on white space', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(digestOf(JSON.parse(JSON.stringify(value, null, 2)))).toEqual(digestOf(JSON.parse(JSON.stringify(value))));
      }),
    );
  });

  test('differs for other JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        fc.pre(!isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other))));
        expect(digestOf(one)).not.toEqual(digestOf(other));
      }),
    );
    expect(digestOf([1, [2]])).not.toEqual(digestOf([[1], 2]));
    expect(digestOf({ a: '1' })).not.toEqual(digestOf({ a: 1 }));
    expect(digestOf({ a: [] })).not.toEqual(digestOf({ a: {} }));
  });
});

describe('publishing with an Idempotency-Key', () => {
  test('is one event when it is repeated, also without an id and a timestamp', async () => {
    const first = await publish('order-1', sync());
    expect(first.status).toBe(202);
    expect(first.body.id).toBe(eventIdForKey('service', 'order-1', 0));
    const again = await publish('order-1', sync());
    expect(again.status).toBe(200);
    expect(again.body).toEqual({ id: first.body.id, status: 'repeated' });
    expect(await api.database.prisma.event.count()).toBe(1);
  });

  test('keeps the ids of a batch, and derives missing ids from the index', async () => {
    const body = { events: [sync(1), sync(2, { id: 'mine' }), sync(3), sync(3)] };
    const first = await publish('batch-1', body);
    expect(ids(first)).toEqual(
      [0, 'mine', 2, 3].map((at) => (typeof at === 'string' ? at : eventIdForKey('service', 'batch-1', at))),
    );
    expect(ids(await publish('batch-1', body))).toEqual(ids(first));
    expect(await api.database.prisma.event.count()).toBe(4);
  });

  test('twenty times at the same time is one set of events', async () => {
    const body = { events: [sync(1), sync(2), sync(3)] };
    const responses = await Promise.all(Array.from({ length: 20 }, () => publish('batch-2', body)));
    expect(new Set(responses.map((response) => ids(response).join())).size).toBe(1);
    expect(responses.map(({ status }) => status).sort()).toEqual([...Array<number>(19).fill(200), 202]);
    expect(await api.database.prisma.event.count()).toBe(3);
  });

  test('of an earlier request with another body is a 409, and nothing is accepted', async () => {
    await publish('order-2', sync(1));
    const { status, body } = await publish('order-2', sync(2));
    expect(status).toBe(409);
    expect(body).toMatchObject({ title: 'The idempotency key is taken', status: 409 });
    expect(await api.database.prisma.event.count()).toBe(1);
  });

  test('does not collide with the same key of another caller', async () => {
    const [one, other] = [await publish('order-3', sync(1)), await publish('order-3', sync(2), 'other-service')];
    expect(other.status).toBe(202);
    expect(other.body.id).not.toBe(one.body.id);
  });

  test('does not bind the key if the request is refused: a corrected body may use the same key', async () => {
    expect((await publish('order-4', sync(-1))).status).toBe(400);
    expect((await publish('order-4', sync(1))).status).toBe(202);
  });

  test.each(['', 'a b', 'é', 'x'.repeat(256)])('of the value "%s" is a 400 that names the header', async (key) => {
    const { status, body } = await publish(Buffer.from(key).toString('latin1'), sync());
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ field: 'Idempotency-Key' }]);
    expect(await api.database.prisma.event.count()).toBe(0);
  });
});
