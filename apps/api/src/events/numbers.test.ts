import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { followStream } from '../../test/follow-stream.js';
import { startApi, type TestApi } from '../../test/start-api.js';
import { clear } from '../../test/stored-deliveries.js';
import { digestOf, textDigestOf } from '../http/idempotency-key.js';
import { parseJson } from '@tidings/events';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await clear(api.database);
});

const NUMBERS = ['1.0', '1e2', '12.50', '-0', '9007199254740993', '12345678901234567890', '0.1234567890123456789', '1E+30'];
const data = (duration: string) => `{"user_id":"alice","items_synced":1,"errors":0,"duration_s":${duration}}`;
const event = (duration: string, id = 'sync-1') => `{"type":"sync.completed","id":"${id}","data":${data(duration)}}`;
const publish = (text: string, headers: Record<string, string> = {}) =>
  api
    .as('service', 'events:publish')
    .post('/api/events')
    .set({ 'content-type': 'application/json', ...headers })
    .send(text);
/** The text of a response, whose numbers no parser has read. */
const read = async (path: string) => (await api.as('alice').get(path).buffer()).text;

describe('a number that JavaScript would write otherwise', () => {
  test.each(NUMBERS.filter((number) => number !== '-0'))('is in the log and on streams with its digits: %s', async (number) => {
    const stream = await followStream(api, { owner: 'alice' });
    await stream.waitFor(() => {
      expect(stream.openId()).toBeDefined();
    });
    expect((await publish(event(number, 'alone'))).status).toBe(202);
    expect((await publish(`{"events":[${event(number, 'first')},${event('2', 'second')}]}`)).status).toBe(202);
    for (const id of ['alone', 'first']) expect(await read(`/api/events/${id}`)).toContain(`"data":${data(number)}`);
    expect((await read('/api/events')).split(`"data":${data(number)}`)).toHaveLength(3);
    await stream.waitFor(() => {
      expect(stream.received.text.split(`data: ${data(number)}\n`)).toHaveLength(3);
    });
    const caughtUp = await followStream(api, { owner: 'alice', lastEventId: 'alone' });
    await caughtUp.waitFor(() => {
      expect(caughtUp.received.text).toContain(`data: ${data(number)}\n`);
    });
  });

  test.each([
    ['1e400', 'is too large: the largest number is 1.7976931348623157e+308'],
    ['1e-400', 'is too close to zero: the smallest number is 5e-324'],
    ['1.00000000000000000001', 'has too many digits: its fraction would be lost'],
  ])('is refused where it cannot be checked: %s', async (number, message) => {
    const { status, body } = await publish(event(number));
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ field: 'data.duration_s', message }]);
    const list = await publish(`{"events":[${event('1')},${event(number, 'second')}]}`);
    expect(list.body.errors).toEqual([{ field: 'events[1].data.duration_s', message }]);
    expect((await api.as('alice').get('/api/events')).body.data).toEqual([]);
  });

  test('is refused for a field of whole numbers that a double cannot hold', async () => {
    const { status, body } = await publish(event('1').replace('"items_synced":1', '"items_synced":9007199254740993'));
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ field: 'data.items_synced', message: 'must be at most 9007199254740991' }]);
  });
});

describe('a repeated id', () => {
  test.each([
    ['members in another order', '1', '{"duration_s":1,"errors":0,"user_id":"alice","items_synced":1}'],
    ['another way to write the number', '100', data('1e2')],
    ['a zero at the end', '1', data('1.0')],
    ['the same large number', '12345678901234567890', data('12345678901234567890')],
    ['white space', '1', data('1').replaceAll(':', ' : ')],
  ])('is the same event with %s', async (_how, before, after) => {
    expect((await publish(event(before))).status).toBe(202);
    const repeated = `{"type":"sync.completed","id":"sync-1","data":${after}}`;
    expect(await publish(repeated)).toMatchObject({ status: 200, body: { status: 'repeated' } });
    expect(await read('/api/events/sync-1')).toContain(data(before));
    // Also in one commit with events that are new, and in one list with itself.
    const list = `{"events":[${event('5', 'new')},${repeated},${event(before)}]}`;
    expect((await publish(list)).body.data.map(({ status }: { status: string }) => status)).toEqual([
      'accepted',
      'repeated',
      'repeated',
    ]);
    expect((await api.as('alice').get('/api/events')).body.data).toHaveLength(2);
  });

  test('with members of a record in another order is the same event', async () => {
    const counts = (text: string) =>
      `{"type":"extraction.completed","id":"e-1","data":{"version":"1","duration_s":1,"record_counts":${text}}}`;
    expect((await publish(counts('{"artists":1,"labels":2}'))).status).toBe(202);
    expect((await publish(counts('{"labels":2.0,"artists":1}'))).status).toBe(200);
    expect((await publish(counts('{"labels":1,"artists":2}'))).status).toBe(409);
  });

  test.each([
    ['9007199254740992', '9007199254740993'],
    ['12345678901234567890', '12345678901234567891'],
    ['0.1234567890123456789', '0.1234567890123456788'],
    ['1', '1.5'],
  ])('is a conflict with another number, also one of the same double: %s and %s', async (before, after) => {
    expect((await publish(event(before))).status).toBe(202);
    const conflict = await publish(event(after));
    expect(conflict.status).toBe(409);
    expect(conflict.body.errors).toEqual([{ field: 'id', message: '"sync-1" is the id of another event' }]);
    expect((await publish(`{"events":[${event('7', 'new')},${event(after)}]}`)).status).toBe(409);
    expect((await publish(`{"events":[${event(before, 'two')},${event(after, 'two')}]}`)).status).toBe(409);
    expect((await api.as('alice').get('/api/events')).body.data).toHaveLength(1);
  });

  test('is a conflict with much longer data, which is not compared', async () => {
    const failed = (message: string) => ({ type: 'sync.failed', id: 'f-1', data: { user_id: 'alice', error_message: message } });
    expect((await publish(JSON.stringify(failed('a'.repeat(4000))))).status).toBe(202);
    expect((await publish(JSON.stringify(failed('a')))).status).toBe(409);
  });
});

describe('an Idempotency-Key', () => {
  const keyed = (text: string) => publish(text, { 'idempotency-key': 'order-1' });
  const unnamed = (duration: string) => `{"type":"sync.completed","data":${data(duration)}}`;

  test('is bound to the value of a body, not to its text', async () => {
    expect((await keyed(unnamed('100'))).status).toBe(202);
    expect((await keyed(`{"data":${data('1e2')},"type":"sync.completed"}`)).status).toBe(200);
    expect((await keyed(unnamed('101'))).status).toBe(409);
  });

  test('is bound to the digits of large numbers', async () => {
    expect((await keyed(unnamed('9007199254740992'))).status).toBe(202);
    expect((await keyed(unnamed('9007199254740993'))).body.title).toBe('The idempotency key is taken');
  });

  test('that an earlier version bound to the text of a body stays bound to it', async () => {
    const text = unnamed('1');
    expect(textDigestOf(parseJson(text))).not.toEqual(digestOf(parseJson(text)));
    await api.database.pool.query('INSERT INTO idempotency_keys (owner, key, digest) VALUES ($1, $2, $3)', [
      'service',
      'order-1',
      textDigestOf(parseJson(text)),
    ]);
    expect((await keyed(text)).status).toBe(202);
    expect((await keyed(unnamed('2'))).status).toBe(409);
  });
});

describe('an event id', () => {
  test('has no dot, because dots separate the parts of the signed text', async () => {
    const { status, body } = await publish(event('1', 'sync.1'));
    expect(status).toBe(400);
    expect(body.errors).toEqual([
      { field: 'id', message: 'must be 1 to 100 letters, digits, "_" or "-", and begin with a letter or digit' },
    ]);
  });

  test('with a dot, of an event that was logged earlier, can still be read, and is a cursor and a Last-Event-ID', async () => {
    await publish(event('1', 'sync_1'));
    await publish(event('2', 'sync_2'));
    await api.database.pool.query("UPDATE events SET id = 'sync.1' WHERE id = 'sync_1'");
    expect(await read('/api/events/sync.1')).toContain('"id":"sync.1"');
    const { body } = await api.as('alice').get('/api/events?cursor=sync.1');
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual(['sync_2']);
    const stream = await followStream(api, { owner: 'alice', lastEventId: 'sync.1' });
    await stream.waitFor(() => {
      expect(stream.ids()).toEqual(['sync_2']);
    });
    expect(stream.received.text).not.toContain('stream.gap');
  });
});

describe('a body that is no event', () => {
  test.each<[string, string, string]>([
    ['[]', '', 'must be one event, or {"events": [...]}, not a list'],
    ['7', '', 'must be an event: an object with type and data'],
    ['null', '', 'must be an event: an object with type and data'],
    ['{"events":[]}', 'events', 'must be a list of 1 to 1000 events'],
    ['{"events":{}}', 'events', 'must be a list of 1 to 1000 events'],
    ['{"events":[7]}', 'events[0]', 'must be an event: an object with type and data'],
  ])('%s gets a 400 that says what is expected', async (text, field, message) => {
    const { status, body } = await publish(text);
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ field, message }]);
  });
});

test('the line separators of Unicode are escaped on streams and in the log, also in events that were logged without', async () => {
  const stream = await followStream(api, { owner: 'alice' });
  await stream.waitFor(() => {
    expect(stream.openId()).toBeDefined();
  });
  const message = 'a\u2028b\u2029c\u0085d';
  const { body } = await publish(JSON.stringify({ type: 'sync.failed', data: { user_id: 'alice', error_message: message } }));
  await stream.waitFor(() => {
    expect(stream.received.text).toContain('"error_message":"a\\u2028b\\u2029c\\u0085d"');
  });
  const text = await read(`/api/events/${String(body.id)}`);
  expect(text).toContain('"error_message":"a\\u2028b\\u2029c\\u0085d"');
  expect(JSON.parse(text).data.error_message).toBe(message);
});
