import { readFileSync, statSync } from 'node:fs';

/**
 * The settings that may hold a secret, a URL with a password included. Each may come from a file instead: `DATABASE_URL_FILE` is
 * the path of a file with the value of `DATABASE_URL`, as Docker, Kubernetes and systemd hand over secrets.
 */
export const SECRET_SETTINGS = [
  'DATABASE_URL',
  'REDIS_URL',
  'SECRETS_KEYS',
  'JWT_SECRET',
  'JWT_PUBLIC_KEY',
  'OUTBOX_DATABASE_URLS',
  'EGRESS_PROXY',
] as const;

const MAX_BYTES = 64 * 1024;

/** Returns the name of the variable that names the file of a setting. */
export function fileVariable(setting: string): string {
  return `${setting}_FILE`;
}

/**
 * Returns the environment with the settings whose files it names. The line break at the end of a file, which editors add, is no
 * part of the value. A file that cannot be used is a mistake, and its setting stays unset.
 */
export function readSecretFiles(env: NodeJS.ProcessEnv): { env: NodeJS.ProcessEnv; mistakes: string[] } {
  const mistakes: string[] = [];
  const values: NodeJS.ProcessEnv = {};
  for (const setting of SECRET_SETTINGS) {
    const variable = fileVariable(setting);
    const path = env[variable];
    if (!path) continue;
    if (env[setting]) {
      mistakes.push(`${setting} and ${variable} are both set: remove one of them`);
      continue;
    }
    try {
      values[setting] = readSecret(path);
    } catch (error) {
      mistakes.push(`${variable} is wrong: ${(error as Error).message}`);
    }
  }
  return { env: { ...env, ...values }, mistakes };
}

function readSecret(path: string): string {
  const { size } = statSync(path);
  if (size > MAX_BYTES) throw new Error(`"${path}" is larger than ${String(MAX_BYTES)} bytes`);
  const value = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  if (value.trim() === '') throw new Error(`"${path}" is empty`);
  return value;
}
