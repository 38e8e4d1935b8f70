import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isPattern, matches, patternsMatching } from './pattern.js';

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,4}$/);
const few = fc.constantFrom('a', 'b', 'ab');
/** Types that often have common parts, and types that seldom do. */
const type = fc
  .oneof(fc.array(few, { minLength: 1, maxLength: 4 }), fc.array(word, { minLength: 1, maxLength: 5 }))
  .map((parts) => parts.join('.'));
const pattern = fc.oneof(
  fc.constant('*'),
  type,
  type.map((text) => `${text}.*`),
);

describe('a pattern', () => {
  test('matches a type exactly when it is among the patterns of that type', () => {
    fc.assert(
      fc.property(pattern, type, (given, of) => {
        expect(patternsMatching(of).includes(given)).toBe(matches(given, of));
      }),
      { numRuns: 1000 },
    );
  });

  test('is valid when it matches a type', () => {
    fc.assert(fc.property(type, (of) => patternsMatching(of).every(isPattern)));
  });

  test.each([
    ['*', 'sync.completed', true],
    ['sync.completed', 'sync.completed', true],
    ['sync.*', 'sync.completed', true],
    ['sync.*', 'sync.items.added', true],
    ['sync.items.*', 'sync.items.added', true],
    ['sync.*', 'sync', false],
    ['sync.*', 'synced.completed', false],
    ['sync.items.*', 'sync.completed', false],
    ['sync.completed', 'sync.completed.again', false],
    ['sync.completed', 'sync.failed', false],
  ])('%s and %s: %s', (given, of, expected) => {
    expect(matches(given, of)).toBe(expected);
  });

  test.each([
    '',
    '**',
    '*.completed',
    'sync.',
    'sync*',
    'sync.*.added',
    'Sync.*',
    'sync .*',
    'sync.*\n',
    '.*',
    'sync..completed',
  ])('is not %j', (text) => {
    expect(isPattern(text)).toBe(false);
  });
});
