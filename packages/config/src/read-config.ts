import { z } from 'zod';
import { ConfigError } from './config-error.js';
import { fileVariable, readSecretFiles, SECRET_SETTINGS } from '@tidings/runtime/secret-files';

/**
 * Reads the variables that the shape names, secrets also from the files that the environment names. An empty variable counts as
 * unset, and white space around a secret does not count. Throws a {@link ConfigError} with every mistake, without values, since
 * some are secrets.
 *
 * @param findMistakes finds further mistakes, such as variables that contradict each other
 */
export function readConfig<Shape extends z.ZodRawShape>(
  shape: Shape,
  env: NodeJS.ProcessEnv,
  findMistakes: (env: NodeJS.ProcessEnv) => readonly string[] = () => [],
): z.output<z.ZodObject<Shape>> {
  const { env: complete, mistakes: ofFiles } = readSecretFiles(env);
  const set = Object.fromEntries(
    Object.entries(complete).flatMap(([name, value]) => {
      const schema = shape[name] as z.ZodType | undefined;
      return schema !== undefined && value ? [[name, isTrimmed(name, schema) ? value.trim() : value]] : [];
    }),
  );
  const result = z.object(shape).safeParse(set);
  const furtherMistakes = [...ofFiles, ...findMistakes(complete)];
  if (result.success && furtherMistakes.length === 0) return result.data;
  const mistakes = (result.error?.issues ?? []).flatMap(({ path, message }) => {
    const name = String(path[0]);
    if (name in set) return [`${name} ${message}`];
    // The mistake of its file says more.
    return env[fileVariable(name)] ? [] : [`${name} is missing: it ${message}`];
  });
  throw new ConfigError([...mistakes, ...furtherMistakes]);
}

function isTrimmed(name: string, schema: z.ZodType): boolean {
  return (SECRET_SETTINGS as readonly string[]).includes(name) && schema.meta()?.keepsWhiteSpace !== true;
}

/** Returns what `read` returns. When the configuration has mistakes, prints them without a stack trace and exits with 1. */
export function orExit<Config>(read: () => Config): Config {
  try {
    return read();
  } catch (error) {
    return exitFor(error);
  }
}

/** Resolves to what a promise resolves to. When it rejects for mistakes of the configuration, prints them like {@link orExit}, and exits with 1. */
export function resolvedOrExit<Value>(promise: Promise<Value>): Promise<Value> {
  return promise.catch(exitFor);
}

function exitFor(error: unknown): never {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
