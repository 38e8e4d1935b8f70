import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { patternsMatching } from '@tidings/events';
import { mayPublish, mayPublishAny } from './publish-scopes.js';

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,3}$/);
const type = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('.'));

describe('a scope for types', () => {
  test.each<[string, string, boolean]>([
    ['events:publish', 'sync.completed', true],
    ['events:publish:*', 'sync.completed', true],
    ['events:publish:sync.*', 'sync.completed', true],
    ['events:publish:sync.*', 'sync.item.added', true],
    ['events:publish:sync.*', 'sync', false],
    ['events:publish:sync.*', 'syncs.completed', false],
    ['events:publish:sync.completed', 'sync.completed', true],
    ['events:publish:sync.completed', 'sync.failed', false],
    ['events:publish:sync.completed sync.failed', 'sync.failed', false],
  ])('%s covers %s: %s', (scope, name, expected) => {
    expect(mayPublish(new Set([scope]), name)).toBe(expected);
  });

  test.each([
    'events:publish:',
    'events:publish:sync*',
    'events:publish:sync.',
    'events:publish:.*',
    'events:publish:**',
    'events:publish:*.completed',
    'events:publish:SYNC.*',
    'events:publish: *',
    'events:publish:*\n',
    'events:publish::*',
    'events:publish*',
    'Events:publish',
    'xevents:publish:*',
  ])('that is malformed grants nothing: %j', (scope) => {
    expect([mayPublishAny(new Set([scope])), mayPublish(new Set([scope]), 'sync.completed')]).toEqual([false, false]);
  });

  test('covers exactly the types that webhooks with this pattern receive', () => {
    fc.assert(
      fc.property(
        type,
        fc.oneof(
          type,
          type.map((prefix) => `${prefix}.*`),
          fc.constant('*'),
        ),
        (name, pattern) => {
          expect(mayPublish(new Set([`events:publish:${pattern}`]), name)).toBe(patternsMatching(name).includes(pattern));
        },
      ),
    );
  });

  test('adds to the others', () => {
    fc.assert(
      fc.property(
        type,
        fc.array(
          fc.oneof(
            type,
            type.map((prefix) => `${prefix}.*`),
            fc.string(),
          ),
        ),
        (name, patterns) => {
          const scopes = patterns.map((pattern) => `events:publish:${pattern}`);
          const each = scopes.some((scope) => mayPublish(new Set([scope]), name));
          expect(mayPublish(new Set(scopes), name)).toBe(each);
        },
      ),
    );
  });
});
