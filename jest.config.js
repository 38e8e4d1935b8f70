import { availableParallelism } from 'node:os';
import { PROJECTS, testFiles } from './scripts/test-projects.mjs';

const files = testFiles();

/** Every suite runs from TypeScript; our packages resolve to their sources, so that no test sees a stale build. */
const project = (name) => ({
  displayName: name,
  testEnvironment: 'node',
  roots: ['<rootDir>/apps', '<rootDir>/packages', '<rootDir>/e2e', '<rootDir>/bench', '<rootDir>/chaos', '<rootDir>/docs'],
  testMatch: files[name],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }] },
  moduleNameMapper: {
    '^@tidings/([a-z-]+)$': '<rootDir>/packages/$1/src/index.ts',
    '^@tidings/(runtime|database|event-types)/([a-z-]+)$': '<rootDir>/packages/$1/src/$2/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
});

export default {
  projects: PROJECTS.map(project),
  // Limits are for what never happens: nothing on a slow, busy machine may take as long.
  testTimeout: 120_000,
  // Half of the cores, as PostgreSQL, Redis and Chromium need the others; at least two.
  maxWorkers: process.env.CI ? 2 : Math.max(2, Math.floor(availableParallelism() / 2)),
};
