import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { openDatabase, type Database } from './database.js';
import { deliveryCreatedAt, deliveryIdFloor, isDeliveryId } from './delivery-id.js';

let testDatabase: TestDatabase;
let database: Database;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url });
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

const times = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });

test('deliveryCreatedAt returns the time in an id', async () => {
  await fc.assert(
    fc.asyncProperty(times, async (at) => {
      const { rows } = await database.pool.query<{ id: string }>('SELECT new_delivery_id($1) AS id', [at]);
      expect(deliveryCreatedAt(rows[0]?.id ?? '')).toBe(at.getTime());
    }),
  );
});

describe('isDeliveryId', () => {
  test('accepts every id that PostgreSQL makes', async () => {
    await fc.assert(
      fc.asyncProperty(times, async (at) => {
        const { rows } = await database.pool.query<{ id: string }>('SELECT new_delivery_id($1) AS id', [at]);
        expect(isDeliveryId(rows[0]?.id)).toBe(true);
      }),
    );
  });

  test('refuses every other value', () => {
    const id = 'dlv_01a20f72-bf62-73aa-bf71-cc66b4490a07';
    const changed = fc
      .record({ at: fc.nat(id.length), removed: fc.nat(2), inserted: fc.string({ unit: 'binary', maxLength: 3 }) })
      .map(({ at, removed, inserted }) => id.slice(0, at) + inserted + id.slice(at + removed));
    fc.assert(
      fc.property(fc.oneof(changed, fc.string({ unit: 'binary' }), fc.anything(), fc.constant([id])), (value) => {
        fc.pre(typeof value !== 'string' || !/^dlv_[-0-9a-f]{36}$/.test(value));
        expect(isDeliveryId(value)).toBe(false);
      }),
      { numRuns: 2000 },
    );
    for (const value of [
      `${id}\0`,
      `\0${id}`,
      `${id}\n`,
      id.toUpperCase(),
      id.slice(0, -1),
      '',
      undefined,
      null,
      1,
      [id],
      [[id]],
      { id },
    ])
      expect(isDeliveryId(value)).toBe(false);
  });
});

describe('the lowest delivery id of a time', () => {
  test('is the same as in PostgreSQL', async () => {
    await fc.assert(
      fc.asyncProperty(times, async (at) => {
        const { rows } = await database.pool.query<{ floor: string }>('SELECT delivery_id_floor($1) AS floor', [at]);
        expect(deliveryIdFloor(at)).toBe(rows[0]?.floor);
      }),
    );
  });

  test('is above every earlier id, and not above an id of that millisecond or later', async () => {
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 0, max: 10 ** 9 }), async (at, laterMs) => {
        const { rows } = await database.pool.query<{ from: boolean; before: boolean }>(
          'SELECT new_delivery_id($1) COLLATE "C" >= $2 AS from, new_delivery_id($3) COLLATE "C" < $2 AS before',
          [new Date(at.getTime() + laterMs), deliveryIdFloor(at), new Date(at.getTime() - 1)],
        );
        expect(rows).toEqual([{ from: true, before: at.getTime() > 0 }]);
      }),
    );
  });

  test('of a time outside the range of ids is the lowest or highest', () => {
    expect(deliveryIdFloor(new Date('1969-07-20T00:00:00Z'))).toBe('dlv_00000000-0000');
    expect(deliveryIdFloor(new Date(8.64e15))).toBe('dlv_ffffffff-ffff');
  });
});
