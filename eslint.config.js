import eslint from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import regexp from 'eslint-plugin-regexp';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Globals of Node for plain JavaScript. TypeScript files need no list: the compiler knows them. */
const NODE = Object.fromEntries(
  ['AbortSignal', 'Buffer', 'URL', 'clearTimeout', 'console', 'fetch', 'performance', 'process', 'setTimeout'].map((name) => [
    name,
    'readonly',
  ]),
);

const NO_ENVIRONMENT = {
  object: 'process',
  property: 'env',
  message: 'Only main.ts reads the environment, and passes on the settings that a part needs.',
};

/** Prisma's ways to execute SQL: every statement is a function of packages/database, named for what it does. */
const NO_RAW_SQL = ['$queryRaw', '$queryRawUnsafe', '$queryRawTyped', '$executeRaw', '$executeRawUnsafe'].map((property) => ({
  property,
  message: 'SQL statements are in packages/database/src/sql.',
}));

export default defineConfig(
  globalIgnores(['**/dist/', '**/generated/', 'coverage/', '.turbo/', '.tidings/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  {
    // A text that somebody sends may be as long as a request allows.
    files: ['{apps,packages}/*/src/**/*.{ts,tsx}'],
    ignores: ['**/*.test.ts'],
    plugins: { regexp },
    rules: { 'regexp/no-super-linear-backtracking': 'error', 'regexp/no-super-linear-move': 'error' },
  },
  { files: ['**/*.{js,mjs,cjs}'], languageOptions: { globals: NODE } },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['prisma.config.ts'] }, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // After a state is added, the check lists every switch that does not handle it.
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // `const { secret, ...rest }` is how a field is left out.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // It requires `!`, which no-non-null-assertion forbids. `as Type` is more explicit.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // `||` between texts is meant: an empty one counts as unset.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      // It takes classes for nominal: neither TypeScript nor winston's typings do.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
  {
    files: ['**/*.test.ts', '**/test/stories/*.ts'],
    rules: {
      // The body of a response is `any`: the assertions check it.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[object.name=/^(describe|test)$/][property.name="only"]',
          message: 'It would skip all other tests.',
        },
      ],
    },
  },
  { files: ['apps/dashboard/**/*.{ts,tsx}'], extends: [reactHooks.configs.flat.recommended] },
  {
    // Code that runs in production. Other code may print and read the environment.
    files: ['{apps,packages}/*/src/**/*.{ts,tsx}'],
    ignores: ['**/*.test.ts', '**/main.ts', 'apps/receiver/**', 'packages/{cli,local,testing}/**'],
    rules: {
      // The logger redacts secrets (I8).
      'no-console': 'error',
      'no-restricted-properties': ['error', NO_ENVIRONMENT, ...NO_RAW_SQL],
    },
  },
  {
    files: ['packages/database/src/**/*.ts'],
    ignores: ['**/*.test.ts', '**/main.ts'],
    rules: { 'no-restricted-properties': ['error', NO_ENVIRONMENT] },
  },
  {
    files: ['{apps,packages}/*/src/**/main.ts'],
    ignores: ['packages/{cli,local,testing}/**'],
    rules: { 'no-restricted-properties': ['error', ...NO_RAW_SQL] },
  },
);
