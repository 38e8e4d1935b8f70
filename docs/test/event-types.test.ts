import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPage, ROOT } from './fences.js';

test('the page of event types says of each kind of change whom it breaks', () => {
  const source = readFileSync(join(ROOT, 'packages/event-types/src/compare/contract-change.ts'), 'utf8');
  const [union = ''] = /type ContractChangeKind =[^;]+;/.exec(source) ?? [];
  const kinds = [...union.matchAll(/'(\w+)'/g)].map(([, kind = '']) => kind);
  const section =
    readPage('docs/event-types.md')
      .split('\n## ')
      .find((text) => text.startsWith('Contracts')) ?? '';
  const documented = [...section.matchAll(/^\| `(\w+)` /gm)].map(([, kind = '']) => kind);
  expect(kinds.length).toBeGreaterThan(10);
  expect(documented.sort()).toEqual(kinds.sort());
});
