import { describe, expect, test } from '@jest/globals';
import { mayPublish } from './may-publish.js';

describe('a token shows the form that publishes an example', () => {
  test.each([
    ['events:publish', true],
    ['events:publish:*', true],
    ['events:publish:sync.*', true],
    ['events:publish:sync.completed', true],
    ['events:publish:sync.failed', false],
    ['events:publish:sync', false],
    ['events:publish:', false],
    ['admin', false],
  ])('of sync.completed with the scope %s: %s', (scope, expected) => {
    expect(mayPublish(new Set([scope]), 'sync.completed')).toBe(expected);
  });
});
