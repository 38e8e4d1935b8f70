import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './fences.js';

const FOLDER = join(ROOT, '.github/workflows');
const uses = readdirSync(FOLDER).flatMap((file) =>
  Array.from(readFileSync(join(FOLDER, file), 'utf8').matchAll(/uses: (.*)$/gm), ([, action]) => ({ file, action })),
);

describe('an action of a workflow', () => {
  test.each(uses)('is pinned by a commit, which nobody can replace, and names its version: $file, $action', ({ action }) => {
    expect(action).toMatch(/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('is used', () => {
    expect(uses.length).toBeGreaterThan(10);
  });
});
