import { expect, test } from '@jest/globals';
import { createWarnOfBusy } from './warn-of-busy.js';

test('a warning names each period once, when two rounds running could not drop it', () => {
  const warned: unknown[] = [];
  const warnOfBusy = createWarnOfBusy({ warn: (_, details) => warned.push(details) });
  for (const busy of [['a'], [], ['a'], ['a', 'b'], ['a', 'b'], ['a', 'b']]) warnOfBusy(busy);
  expect(warned).toMatchObject([{ periods: ['a'] }, { periods: ['b'] }]);
});
