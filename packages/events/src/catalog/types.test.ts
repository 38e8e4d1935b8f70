import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { catalog, type Publishable } from '../catalog.js';
import { InvalidEventError } from '../invalid-event-error.js';

/** Only this test names every shipped type, so that none appears by accident. */
const SHIPPED = [
  ['extraction.started', 'everyone'],
  ['extraction.completed', 'everyone'],
  ['sync.completed', 'owner'],
  ['sync.failed', 'owner'],
  ['gaps.updated', 'owner'],
] as const;

const validate = (type: string, data: unknown) => JSON.parse(catalog.validate([{ type, data }])[0]?.data ?? '') as unknown;

function wrongFields(type: string, data: unknown): string[] {
  try {
    catalog.validate([{ type, data }]);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidEventError);
    return (error as InvalidEventError).errors.map(({ field }) => field);
  }
}

describe('the shipped catalog', () => {
  test('has these types, for these audiences', () => {
    expect(catalog.describe().map(({ type, audience }) => [type, audience])).toEqual(SHIPPED);
  });

  test('has these types at compile time, too', () => {
    type Shipped = (typeof SHIPPED)[number][0];
    const same: [Publishable['type'], Shipped] extends [Shipped, Publishable['type']] ? true : false = true;
    expect(same).toBe(true);
  });

  test.each(catalog.describe())('$type accepts its example unchanged', ({ type, example }) => {
    expect(validate(type, example)).toEqual(example);
  });

  test.each(catalog.describe())(
    '$type has a JSON Schema that accepts the same data as the catalog',
    ({ type, schema, example }) => {
      expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', additionalProperties: false });
      const jsonSchema = z.fromJSONSchema(schema);
      expect(jsonSchema.safeParse(example).success).toBe(true);
      for (const field of Object.keys(example as object)) {
        const without = Object.fromEntries(Object.entries(example as object).filter(([key]) => key !== field));
        expect(jsonSchema.safeParse(without).success).toBe(false);
        expect(wrongFields(type, without)).toEqual([`data.${field}`]);
      }
      expect(jsonSchema.safeParse({ ...(example as object), extra: 1 }).success).toBe(false);
      expect(wrongFields(type, { ...(example as object), extra: 1 })).toEqual(['data.extra']);
    },
  );
});

describe('wrong data', () => {
  test.each<[string, unknown, string[]]>([
    ['extraction.started', { version: '', entity_types: 'artists' }, ['data.version', 'data.entity_types']],
    [
      'extraction.started',
      { version: 'v'.repeat(256), entity_types: ['artists', '', 3] },
      ['data.version', 'data.entity_types[1]', 'data.entity_types[2]'],
    ],
    [
      'extraction.completed',
      { version: 1, record_counts: { artists: 1.5, labels: -1, releases: 3 }, duration_s: -0.1 },
      ['data.version', 'data.record_counts.artists', 'data.record_counts.labels', 'data.duration_s'],
    ],
    [
      'extraction.completed',
      { version: '1', record_counts: [], duration_s: Infinity },
      ['data.record_counts', 'data.duration_s'],
    ],
    [
      'sync.completed',
      { user_id: 'a\nb', items_synced: -1, errors: 0.5, duration_s: '12', colour: 'red' },
      ['data.user_id', 'data.items_synced', 'data.errors', 'data.duration_s', 'data.colour'],
    ],
    [
      'sync.completed',
      { user_id: 1, items_synced: 2 ** 53, errors: NaN, duration_s: null },
      ['data.user_id', 'data.items_synced', 'data.errors', 'data.duration_s'],
    ],
    ['sync.failed', { user_id: 'u'.repeat(256), error_message: 'e'.repeat(4097) }, ['data.user_id', 'data.error_message']],
    ['gaps.updated', { user_id: '', entity_type: '', entity_id: 45 }, ['data.user_id', 'data.entity_type', 'data.entity_id']],
    ['gaps.updated', null, ['data']],
    ['gaps.updated', [], ['data']],
  ])('%s: all wrong fields of %j are named', (type, data, fields) => {
    expect(wrongFields(type, data)).toEqual(fields);
  });
});

describe('a user id', () => {
  test.each(['alice', 'a b', 'ünï-✓', '0', "Robert'); DROP TABLE users;--", 'u'.repeat(255), '🎵'.repeat(255)])(
    'may be %j',
    (userId) => {
      expect(catalog.validate([{ type: 'sync.failed', data: { user_id: userId, error_message: '' } }])[0]?.owner).toBe(userId);
    },
  );

  test.each(['', 'a\u0000b', 'a\tb', 'a\u200Bb', 'a\u202Eb', '\uD800', 'u'.repeat(256)])('may not be %j', (userId) => {
    expect(wrongFields('sync.failed', { user_id: userId, error_message: '' })).toEqual(['data.user_id']);
  });
});
