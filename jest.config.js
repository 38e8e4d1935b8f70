/** Every suite runs from TypeScript; packages of ours are taken from their sources, so that no test sees a stale build. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/apps', '<rootDir>/packages', '<rootDir>/e2e', '<rootDir>/chaos', '<rootDir>/docs'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }] },
  moduleNameMapper: {
    '^@tidings/([a-z-]+)$': '<rootDir>/packages/$1/src/index.ts',
    '^@tidings/runtime/([a-z-]+)$': '<rootDir>/packages/runtime/src/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testTimeout: 30_000,
  maxWorkers: 2,
};
