import type { DatabaseOptions } from '@tidings/database';

/** Reads DATABASE_POOLER. Another value than `transaction` counts as none: the API and the workers refuse it. */
export function readPooler(env: Readonly<Record<string, string | undefined>>): NonNullable<DatabaseOptions['pooler']> {
  return env['DATABASE_POOLER'] === 'transaction' ? 'transaction' : 'none';
}
