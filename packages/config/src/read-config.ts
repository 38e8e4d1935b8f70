import { z } from 'zod';
import { SessionError } from '@tidings/database';
import { ConfigError } from './config-error.js';

/**
 * Reads the variables that the shape names. An empty variable counts as unset. Throws a {@link ConfigError} with every mistake,
 * without values, since some are secrets.
 *
 * @param knownMistakes mistakes that were found before, such as variables that contradict each other
 */
export function readConfig<Shape extends z.ZodRawShape>(
  shape: Shape,
  env: NodeJS.ProcessEnv,
  knownMistakes: readonly string[] = [],
): z.output<z.ZodObject<Shape>> {
  const set = Object.fromEntries(Object.entries(env).filter(([name, value]) => name in shape && value !== ''));
  const result = z.object(shape).safeParse(set);
  if (result.success && knownMistakes.length === 0) return result.data;
  const mistakes = (result.error?.issues ?? []).map(({ path, message }) => {
    const name = String(path[0]);
    return name in set ? `${name} ${message}` : `${name} is missing: it ${message}`;
  });
  throw new ConfigError([...mistakes, ...knownMistakes]);
}

/** Returns the configuration that `read` returns. When it has mistakes, prints them without a stack trace and exits with 1. */
export function orExit<Config>(read: () => Config): Config {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** Starts a process. When its database cannot be used as it is configured, prints why without a stack trace and exits with 1. */
export async function startOrExit(start: () => Promise<void>): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    process.stderr.write(`DATABASE_URL cannot be used. ${error.message}\n`);
    process.exit(1);
  }
}
