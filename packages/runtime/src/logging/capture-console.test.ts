import { expect, test } from '@jest/globals';
import { captureConsole } from './capture-console.js';

test('what libraries write to the console is logged, each text once', () => {
  const logged: object[] = [];
  const release = captureConsole({ warn: (message, details) => void logged.push({ message, ...details }) });
  try {
    for (let count = 0; count < 3; count += 1) console.warn('Eviction policy is %s', 'allkeys-lru');
    console.error('[ioredis] Unhandled error event:', 'gone');
  } finally {
    release();
  }
  expect(logged).toEqual([
    { message: 'A library reports a problem.', text: 'Eviction policy is allkeys-lru' },
    { message: 'A library reports a problem.', text: '[ioredis] Unhandled error event: gone' },
  ]);
});
