import { expect, test } from '@jest/globals';
import { describedType, readWritten } from '../../test/described-types.js';
import { createOpenApiWriter } from './document.js';
import { createPieceWriter } from './pieces.js';
import { createPause } from './pause.js';

test('only entries that differ from those of the last time are written again', async () => {
  const written: unknown[] = [];
  const write = createPieceWriter((entry: { name: string }) => {
    written.push(entry);
    return `piece ${entry.name}`;
  });
  const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ name })) as [{ name: string }, { name: string }, { name: string }];
  expect(await write([a, b], createPause())).toEqual(['piece a', 'piece b']);
  expect(await write([{ ...b }, c], createPause())).toEqual(['piece b', 'piece c']);
  expect(await write([a], createPause())).toEqual(['piece a']);
  expect(written).toEqual([a, b, c, a]);
});

test('other work of the process runs while pieces are written', async () => {
  let isWritten = false;
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    if (!isWritten) setImmediate(turn);
  };
  setImmediate(turn);
  const write = createPieceWriter(() => {
    const end = performance.now() + 2;
    while (performance.now() < end);
  });
  const entries = Array.from({ length: 20 }, (_, index) => index);
  await write(entries, createPause());
  isWritten = true;
  // 40 ms of work in time slices of 5 ms.
  expect(turns).toBeGreaterThanOrEqual(5);
});

test('a document that is written again after a change is the document that is written at once', async () => {
  const before = [describedType('a.b_c'), describedType('x.y')];
  const after = [describedType('a.b_c', { description: 'Another.' }), describedType('x.y'), describedType('a_b.c')];
  const write = createOpenApiWriter([]);
  await readWritten(write, before);
  expect(await readWritten(write, after)).toEqual(await readWritten(createOpenApiWriter([]), after));
});
