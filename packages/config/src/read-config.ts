import { z } from 'zod';

/** The environment has mistakes: the message lists all of them, without repeating any value. */
class ConfigError extends Error {
  constructor(readonly mistakes: readonly string[]) {
    super(`The configuration has mistakes:\n${mistakes.map((mistake) => `  - ${mistake}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/**
 * Reads the variables that the shape names; an empty one counts as unset. Throws a {@link ConfigError} with every
 * mistake. Values are left out of it, since some are secrets.
 *
 * @param further mistakes that were found already, in what the variables say together
 */
export function readConfig<Shape extends z.ZodRawShape>(
  shape: Shape,
  env: NodeJS.ProcessEnv,
  further: readonly string[] = [],
): z.output<z.ZodObject<Shape>> {
  const set = Object.fromEntries(Object.entries(env).filter(([name, value]) => name in shape && value !== ''));
  const result = z.object(shape).safeParse(set);
  if (result.success && further.length === 0) return result.data;
  const mistakes = (result.error?.issues ?? []).map(({ path, message }) => {
    const name = String(path[0]);
    return name in set ? `${name} ${message}` : `${name} is missing: it ${message}`;
  });
  throw new ConfigError([...mistakes, ...further]);
}

/** Reads the configuration, or ends the process with the list of its mistakes: a stack trace would help nobody. */
export function orExit<Config>(read: () => Config): Config {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
