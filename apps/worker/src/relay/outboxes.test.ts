import { describe, expect, test } from '@jest/globals';
import { parseOutboxes } from './outboxes.js';

describe('the list of outboxes', () => {
  test('consists of PostgreSQL URLs, each with a name without a password', () => {
    const [music, shop] = [
      'postgresql://u:p%2Cw@music.internal/music',
      'postgres://u:pw@[::1]:6432/shop?sslmode=require',
    ] as const;
    expect(parseOutboxes(`${music}, ${shop}`)).toEqual([
      { name: 'music.internal:5432/music', url: music },
      { name: '[::1]:6432/shop', url: shop },
    ]);
  });

  test.each([
    ['postgresql://u:hunter2@a/one,mysql://u:hunter2@b/two', 'entry 2 of the list is not a PostgreSQL URL'],
    ['postgresql://u:hun,ter2@a/one', 'entry 1 of the list is not a PostgreSQL URL'],
    ['postgresql://u:hunter2@a/one,', 'entry 2 of the list is not a PostgreSQL URL'],
    ['postgresql://u:hunter2@a', 'entry 1 of the list names no database'],
    ['postgresql://u:hunter2@a/one,postgresql://other:hunter2@a:5432/one', 'a:5432/one occurs twice'],
  ])('names the wrong entry, and repeats no password: %s', (text, message) => {
    expect(() => parseOutboxes(text)).toThrow(message);
    expect(() => parseOutboxes(text)).not.toThrow(/hun/);
  });
});
