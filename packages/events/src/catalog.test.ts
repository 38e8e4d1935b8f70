import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { catalog, createCatalog } from './catalog.js';
import { syncFailed } from './catalog/sync.js';
import { defineEvent } from './define-event.js';
import { EVENT_ID, MAX_EVENT_BYTES, type TidingsEvent } from './event.js';
import { InvalidEventError, type FieldError } from './invalid-event-error.js';
import { createPublisher } from './publisher.js';
import { orderPlaced1, orderPlaced2, versionedCatalog } from '../test/versioned-catalog.js';

const failed = { type: 'sync.failed', data: { user_id: 'alice', error_message: 'gone' } };
const validateOne = (draft: unknown): TidingsEvent => catalog.validate([draft])[0] as TidingsEvent;

function errorsOf(validate: () => unknown): readonly FieldError[] {
  try {
    validate();
  } catch (error) {
    if (error instanceof InvalidEventError) return error.errors;
    throw error;
  }
  throw new Error('The draft is valid.');
}
const wrongFields = (draft: unknown) => errorsOf(() => validateOne(draft)).map(({ field }) => field);

const noteAdded = defineEvent({
  type: 'note.added',
  audience: 'everyone',
  description: 'A note was added.',
  schema: z.strictObject({ text: z.string() }),
  example: { text: 'hello' },
});
const looseEvent = defineEvent({
  type: 'loose.event',
  audience: 'user',
  description: 'Its schema accepts any user id.',
  schema: z.looseObject({ user_id: z.unknown() }),
  example: { user_id: 'alice' },
});

describe('a valid event', () => {
  test('gets an id: evt_ and a UUIDv7', () => {
    const [first, second] = catalog.validate([failed, failed]);
    expect(first?.id).toMatch(/^evt_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(first?.id).toMatch(EVENT_ID);
    expect(second?.id).not.toBe(first?.id);
  });

  test('keeps its id', () => {
    expect(validateOne({ ...failed, id: 'sync-7-final_A' }).id).toBe('sync-7-final_A');
  });

  test('has the current time by default', () => {
    const before = Date.now();
    const { timestamp } = validateOne(failed);
    expect(Date.parse(timestamp)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(timestamp)).toBeLessThanOrEqual(Date.now());
  });

  test('has its time in UTC, to the millisecond, from any offset', () => {
    expect(validateOne({ ...failed, timestamp: '2026-03-01T01:30:00+02:00' }).timestamp).toBe('2026-02-28T23:30:00.000Z');
    expect(validateOne({ ...failed, timestamp: '2026-03-01T01:30:00.123987Z' }).timestamp).toBe('2026-03-01T01:30:00.123Z');
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
        (date) => {
          expect(validateOne({ ...failed, timestamp: date.toISOString() }).timestamp).toBe(date.toISOString());
        },
      ),
    );
  });

  test('belongs to the owner in its data, or to everyone', () => {
    expect(validateOne(failed).owner).toBe('alice');
    expect(validateOne({ type: 'extraction.started', data: { version: '1', entity_types: [] } }).owner).toBeNull();
  });

  test('has its data as JSON on one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (text) => {
        const { data } = validateOne({ type: 'sync.failed', data: { user_id: 'alice', error_message: text } });
        expect(data).not.toMatch(/[\n\r]/);
        expect(JSON.parse(data)).toEqual({ user_id: 'alice', error_message: text });
      }),
    );
  });
});

describe('an invalid event', () => {
  test.each([null, undefined, 7, 'sync.failed', [], [failed]])('is %j', (draft) => {
    expect(() => validateOne(draft)).toThrow(InvalidEventError);
  });

  test.each(['', '-a', '.a', 'a.b', 'a.', 'a b', 'a/b', 'a:b', 'é', 'a\n', 'a'.repeat(101), 7, null])('has the id %j', (id) => {
    expect(wrongFields({ ...failed, id })).toEqual(['id']);
  });

  test.each([
    '',
    'yesterday',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-02-30T00:00:00Z',
    '2026-01-01T24:00:00Z',
    1767225600,
    null,
  ])('has the timestamp %j', (timestamp) => {
    expect(wrongFields({ ...failed, timestamp })).toEqual(['timestamp']);
  });

  test.each(['0000-12-31T23:59:59Z', '0001-01-01T00:00:00+01:00', '9999-12-31T23:59:59-01:00'])(
    'has a year that the database cannot store: %s',
    (timestamp) => {
      expect(errorsOf(() => validateOne({ ...failed, timestamp }))).toEqual([
        { field: 'timestamp', message: 'must be in the years 1 to 9999, in UTC' },
      ]);
    },
  );

  test('has a type that is not in the catalog: the error lists the types', () => {
    expect(errorsOf(() => validateOne({ ...failed, type: 'sync.vanished' }))).toEqual([
      { field: 'type', message: expect.stringMatching(/"sync.vanished" is not in the catalog, which has .*sync.failed/) },
    ]);
    expect(wrongFields({ ...failed, type: '__proto__' })).toEqual(['type']);
    expect(wrongFields({ ...failed, type: 'sync.*' })).toEqual(['type']);
  });

  test('has no known type: that is said first, and all other errors with it', () => {
    expect(errorsOf(() => validateOne({ id: 'a.b', data: {}, more: 1 }))).toEqual([
      { field: 'type', message: `is missing: it must be one of ${catalog.types.join(', ')}` },
      { field: 'id', message: 'must be 1 to 100 letters, digits, "_" or "-", and begin with a letter or digit' },
      { field: 'more', message: 'is not a known field' },
    ]);
    expect(errorsOf(() => validateOne({ type: ['sync.failed'] }))).toEqual([
      { field: 'type', message: `must be one of ${catalog.types.join(', ')}` },
      { field: 'data', message: 'is missing' },
    ]);
  });

  test.each<[unknown, string, string]>([
    [{ user_id: 'alice' }, 'data.error_message', 'is missing: it must be a string'],
    [{ user_id: 'alice', error_message: 7 }, 'data.error_message', 'must be a string, not a number'],
    [{ user_id: 'alice', error_message: 'a'.repeat(4097) }, 'data.error_message', 'must be at most 4096 characters long'],
    [[], 'data', 'must be an object, not a list'],
    [null, 'data', 'must be an object, not null'],
    ['text', 'data', 'must be an object, not a string'],
  ])('has wrong data, which is said in plain words: %j', (data, field, message) => {
    expect(errorsOf(() => validateOne({ ...failed, data }))).toEqual([{ field, message }]);
  });

  test.each<[string, unknown, string, string]>([
    [
      'a number that JSON does not have',
      { user_id: 'a', items_synced: NaN },
      'data.items_synced',
      'is NaN, which JSON does not have',
    ],
    ['a bigint', { user_id: 'a', items_synced: 1n }, 'data.items_synced', 'is a bigint, which JSON does not have'],
    ['half of a surrogate pair', { user_id: 'a\ud83d' }, 'data.user_id', 'holds half of a surrogate pair'],
    ['half of a surrogate pair in a name', { 'a\ud83d': 1 }, 'data["a\\ud83d"]', 'holds half of a surrogate pair'],
  ])('has %s', (_what, data, field, message) => {
    expect(errorsOf(() => validateOne({ type: 'sync.completed', data }))).toContainEqual({
      field,
      message: expect.stringContaining(message),
    });
  });

  test('is nested more than 32 levels deep, counted from its data', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    const { validate } = createCatalog([looseEvent]);
    expect(() => validate([looseEvent({ user_id: 'alice', more: nested(31) })])).not.toThrow();
    expect(errorsOf(() => validate([looseEvent({ user_id: 'alice', more: nested(32) })]))).toEqual([
      { field: 'data', message: 'is nested more than 32 levels deep' },
    ]);
    const ring: Record<string, unknown> = { user_id: 'alice' };
    ring['self'] = ring;
    expect(() => validate([looseEvent(ring as never)])).toThrow('nested more than 32 levels deep');
  });

  test('has an unknown field, beside its data or in it', () => {
    expect(wrongFields({ ...failed, user_id: 'alice', idd: 1 })).toEqual(['user_id', 'idd']);
    expect(wrongFields({ ...failed, data: { ...failed.data, details: {} } })).toEqual(['data.details']);
  });

  test('has a field __proto__, which changes no prototype', () => {
    const data = '{"user_id":"a","error_message":""}';
    expect(wrongFields(JSON.parse(`{"type":"sync.failed","data":${data},"__proto__":{"id":"a"}}`))).toEqual(['__proto__']);
    expect(
      wrongFields(JSON.parse('{"type":"sync.failed","data":{"user_id":"a","error_message":"","__proto__":{"x":1}}}')),
    ).toEqual(['data.__proto__']);
    const counts =
      '{"type":"extraction.completed","data":{"version":"1","duration_s":1,"record_counts":{"__proto__":1,"labels":2}}}';
    // The schema of a record would drop the member.
    expect(wrongFields(JSON.parse(counts))).toEqual(['data.record_counts.__proto__']);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  test('is larger than 256 KiB as JSON, counted in bytes', () => {
    const { validate } = createCatalog([noteAdded]);
    const largest = 'é'.repeat((MAX_EVENT_BYTES - '{"text":"."}'.length) / 2);
    expect(Buffer.byteLength(validate([noteAdded({ text: `.${largest}` })])[0]?.data ?? '')).toBe(MAX_EVENT_BYTES);
    expect(errorsOf(() => validate([noteAdded({ text: `..${largest}` })]))).toEqual([
      { field: 'data', message: 'is 262145 bytes of JSON, over the limit of 262144' },
    ]);
  });

  test('is so large that its fields are not checked, or has more wrong fields than are named', () => {
    const wrong = (count: number) => ({
      type: 'extraction.started',
      data: { version: '1', entity_types: Array(count).fill('') },
    });
    expect(errorsOf(() => catalog.validate([wrong(330_000)]))).toEqual([
      { field: 'data', message: 'is more than 262144 bytes of JSON, the limit' },
    ]);
    expect(errorsOf(() => catalog.validate([wrong(1000)]))).toHaveLength(100);
  });

  test('has an invalid owner, even when its schema accepts it', () => {
    const { validate } = createCatalog([looseEvent]);
    for (const owner of [undefined, null, 7, '', 'a\u0000b', '\uD800']) {
      expect(errorsOf(() => validate([{ type: 'loose.event', data: { user_id: owner } }])).map(({ field }) => field)).toEqual([
        'data.user_id',
      ]);
    }
    expect(validate([looseEvent({ user_id: 'alice' })])[0]?.owner).toBe('alice');
  });
});

describe('a list of events', () => {
  test('is returned in its order', () => {
    const ids = ['c', 'a', 'b'];
    expect(catalog.validate(ids.map((id) => ({ ...failed, id }))).map(({ id }) => id)).toEqual(ids);
    expect(catalog.validate([])).toEqual([]);
  });

  test('is refused as a whole, with the path of every wrong field of every event', () => {
    const synced = { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1 };
    const drafts = [
      failed,
      { type: 'sync.completed', data: { ...synced, items_synced: -1, errors: 'none' } },
      null,
      { type: 'sync.vanished', data: {} },
      { ...failed, id: '' },
      { type: 'extraction.completed', data: { version: '1', duration_s: 1, record_counts: { 'vinyl records': 0.5 } } },
    ];
    expect(errorsOf(() => catalog.validate(drafts, 'events')).map(({ field }) => field)).toEqual([
      'events[1].data.items_synced',
      'events[1].data.errors',
      'events[2]',
      'events[3].type',
      'events[4].id',
      'events[5].data.record_counts["vinyl records"]',
    ]);
  });

  test('is refused with a message that a person can read', () => {
    expect(() => catalog.validate([failed, { ...failed, data: { user_id: 'alice' } }], 'events')).toThrow(
      'Nothing was published. events[1].data.error_message: ',
    );
  });
});

describe('a catalog', () => {
  test('knows the patterns that match one of its types', () => {
    for (const pattern of ['*', 'sync.*', 'sync.completed', 'gaps.*']) expect(catalog.knows(pattern)).toBe(true);
    for (const pattern of ['sync', 'sync.vanished', 'vanished.*', 'sync.completed.*', ''])
      expect(catalog.knows(pattern)).toBe(false);
  });

  test('has its types in the order of their definitions', () => {
    expect(createCatalog([noteAdded, syncFailed, looseEvent]).types).toEqual(['note.added', 'sync.failed', 'loose.event']);
  });
});

describe('a catalog with two versions of a type', () => {
  const first = { org_id: 'acme', total: 12 };
  const second = { org_id: 'acme', total: '12.00' };
  const type = 'order.placed';

  test('validates an event by the version that it names, and passes the version on', () => {
    const events = versionedCatalog.validate([orderPlaced1(first), orderPlaced2(second), { type, version: 2, data: second }]);
    expect(events.map(({ version, owner, data }) => ({ version, owner, data: JSON.parse(data) as unknown }))).toEqual([
      { version: 1, owner: 'acme', data: first },
      { version: 2, owner: 'acme', data: second },
      { version: 2, owner: 'acme', data: second },
    ]);
    expect(errorsOf(() => versionedCatalog.validate([{ type, version: 2, data: first }]))).toMatchObject([
      { field: 'data.total' },
    ]);
  });

  test('validates an event without a version by the first one', () => {
    expect(versionedCatalog.validate([{ type, data: first }])).toMatchObject([{ version: 1 }]);
    expect(errorsOf(() => versionedCatalog.validate([{ type, data: second }]))).toMatchObject([{ field: 'data.total' }]);
  });

  test('refuses other versions, and names those that it has', () => {
    expect(errorsOf(() => versionedCatalog.validate([{ type, version: 3, data: second }]))).toEqual([
      { field: 'version', message: 'is not in the catalog, which has these versions of the type: 1, 2' },
    ]);
  });

  test('has the type once, and describes each version', () => {
    expect(versionedCatalog.types).toEqual([type]);
    expect(versionedCatalog.describe().map((described) => [described.type, described.version])).toEqual([
      [type, 1],
      [type, 2],
    ]);
    expect(() => createCatalog([orderPlaced1, orderPlaced2, orderPlaced2])).toThrow('order.placed, version 2, is defined twice');
  });

  test('has typed events: the data is that of the version', () => {
    // Never called: the compiler checks it.
    const check = ({
      publish,
    }: ReturnType<typeof createPublisher<NonNullable<(typeof versionedCatalog)['~event']>>>): unknown[] => [
      publish([orderPlaced1(first), orderPlaced2(second), { type, version: 1, data: first }, { type, version: 2, data: second }]),
      // @ts-expect-error The total of version 2 is a text.
      publish({ type, version: 2, data: first }),
      // @ts-expect-error The total of version 1 is a number.
      publish({ type, version: 1, data: second }),
      // @ts-expect-error The catalog has no version 3.
      publish({ type, version: 3, data: second }),
      // @ts-expect-error The definition has another total.
      orderPlaced2(first),
    ];
    expect(check).toBeDefined();
  });
});

describe('system events', () => {
  const data = { user_id: 'alice', webhook_id: 'wh_1', reason: 'gone', disabled_at: '2026-11-24T10:00:00.000Z' };

  test('cannot be published by a service, and webhooks cannot subscribe to them', () => {
    expect(() => catalog.validate([{ type: 'webhook.disabled', data }])).toThrow('is published by Tidings itself');
    expect(catalog.knows('webhook.disabled')).toBe(false);
    expect(catalog.types).not.toContain('webhook.disabled');
  });

  test('are created by Tidings for an owner, and are in the stream', () => {
    expect(catalog.validateSystemEvent({ type: 'webhook.disabled', data })).toMatchObject({
      type: 'webhook.disabled',
      owner: 'alice',
    });
    expect(catalog.streamedTypes).toContain('webhook.disabled');
    expect(() => catalog.validateSystemEvent({ type: 'sync.completed', data })).toThrow('not in the catalog');
  });
});
