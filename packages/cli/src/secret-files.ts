import { readSecretFiles } from '@tidings/config';
import { usageError } from './failure.js';

/**
 * Returns the environment with the settings whose files it names (`JWT_SECRET_FILE`). Throws a `Failure` when one of the files
 * cannot be used.
 */
export function withSecretFiles(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { env: complete, mistakes } = readSecretFiles(env);
  if (mistakes.length > 0) throw usageError(`${mistakes.join('. ')}.`);
  return complete;
}
