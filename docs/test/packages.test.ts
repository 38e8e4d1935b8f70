import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './fences.js';

interface Manifest {
  name: string;
  private?: boolean;
  scripts?: Record<string, string>;
}
const published = readdirSync(join(ROOT, 'packages'))
  .map((folder) => JSON.parse(readFileSync(join(ROOT, 'packages', folder, 'package.json'), 'utf8')) as Manifest)
  .filter((manifest) => !manifest.private);

test('each package that other projects install is built before "npm pack" packs it', () => {
  expect(published.map(({ name, scripts }) => [name, scripts?.['prepack']])).toEqual([
    ['@tidings/client', 'npm run build'],
    ['@tidings/events', 'npm run build'],
  ]);
});
