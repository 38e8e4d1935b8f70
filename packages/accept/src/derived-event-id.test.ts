import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { derivedEventId } from './derived-event-id.js';

describe('a derived event id', () => {
  test('is a UUIDv8, the same every time', () => {
    expect(derivedEventId('alice', 'key', '0')).toBe('evt_69a56056-fcfd-869e-87cd-c4b84556f5ec');
  });

  test('differs when any part differs, also when the joined parts are equal', () => {
    const parts = fc.array(fc.string(), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        expect(derivedEventId(...one)).toMatch(/^evt_[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(derivedEventId(...one) === derivedEventId(...other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
    expect(derivedEventId('a', 'bc')).not.toBe(derivedEventId('ab', 'c'));
  });
});
