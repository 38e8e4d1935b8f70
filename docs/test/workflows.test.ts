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

describe('an image', () => {
  const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
  const found = (path: string, pattern: RegExp) =>
    Array.from(read(path).matchAll(pattern), ([, image = '']) => ({ file: path, image }));
  /** Stages of the same file have no registry to come from. */
  const stages = Array.from(read('Dockerfile').matchAll(/^FROM \S+ AS (\S+)$/gm), ([, name]) => name);
  const images = [
    ...found('Dockerfile', /^# syntax=(\S+)$/gm),
    ...found('Dockerfile', /^FROM (\S+)/gm).filter(({ image }) => !stages.includes(image)),
    ...found('docker-compose.yml', /^\s+image: (\S+)$/gm),
    ...readdirSync(FOLDER).flatMap((file) => found(join('.github/workflows', file), /^\s+(?:image|container): (\S+)$/gm)),
  ];

  test.each(images)('is pinned by a digest, which nobody can replace, and names its version: $file, $image', ({ image }) => {
    expect(image).toMatch(/^[a-z][a-z./-]*:v?\d[\w.-]*@sha256:[0-9a-f]{64}$/);
  });

  test('is found in each file', () => {
    expect(images.filter(({ file }) => file === 'Dockerfile')).toHaveLength(2);
    expect(images.filter(({ file }) => file === 'docker-compose.yml')).toHaveLength(5);
    // The job that looks for the images finds the same ones.
    const job = /grep -ohE '(.*)' Dockerfile docker-compose.yml/.exec(read('.github/workflows/audit.yml'))?.[1] ?? 'none';
    const looked = (read('Dockerfile') + read('docker-compose.yml')).match(new RegExp(job, 'g'));
    expect([...new Set(looked)].sort()).toEqual(images.map(({ image }) => image).sort());
  });
});

test('known vulnerabilities of dependencies are looked for every day', () => {
  const audit = readFileSync(join(FOLDER, 'audit.yml'), 'utf8');
  expect(audit).toMatch(/^ {2}schedule:\n {4}- cron: '\d+ \d+ \* \* \*'$/m);
  expect(audit).toContain('run: npm audit --audit-level=low');
});
