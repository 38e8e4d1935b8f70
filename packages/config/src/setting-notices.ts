import { fileVariable, readSecretFiles, SECRET_SETTINGS } from '@tidings/runtime/secret-files';

/**
 * Returns what an operator should know about an environment that is allowed: white space at the end of secrets, and names that
 * are probably mistyped names of settings. No value is in it.
 *
 * @param known the names of the settings that the process reads
 */
export function settingNotices(known: readonly string[], env: NodeJS.ProcessEnv): string[] {
  return [...whiteSpaceNotices(known, env), ...misspelledNotices(known, env)];
}

function whiteSpaceNotices(known: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const { env: complete } = readSecretFiles(env);
  return SECRET_SETTINGS.filter((name) => known.includes(name) && isPadded(name, complete[name])).map(
    (name) => `${env[name] ? name : fileVariable(name)} begins or ends in white space, which is not part of the value.`,
  );
}

/** A PEM text ends in a line break. */
function isPadded(name: string, value = ''): boolean {
  return name !== 'JWT_PUBLIC_KEY' && value !== value.trim();
}

const PREFIX = /^TIDINGS_/;

function misspelledNotices(known: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const settings = [...known, ...SECRET_SETTINGS.map(fileVariable)];
  const isSet = (name: string): boolean => Boolean(env[name]);
  // A setting that is set is not the one that was mistyped. Names of one word are too close to ordinary ones: PORT, HOST.
  const candidates = settings.filter((name) => name.includes('_') && !isSet(name));
  return Object.keys(env)
    .filter((name) => isSet(name) && !settings.includes(name) && name.includes('_'))
    .flatMap((name) => {
      const written = name.toUpperCase().replace(PREFIX, '');
      const meant =
        candidates.find((setting) => setting === written) ?? candidates.find((setting) => isMisspelled(written, setting));
      return meant === undefined ? [] : [`${name} is not a setting, and has no effect. Did you mean ${meant}?`];
    });
}

/** The words of a setting whose last word was another one once. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  WEBHOOKS_PER_USER: 'WEBHOOKS_PER_OWNER',
  RATE_LIMIT_PER_USER: 'RATE_LIMIT_PER_OWNER',
  STREAMS_PER_USER: 'STREAMS_PER_OWNER',
};

/**
 * Whether a name is a setting with a slip or two: one edit anywhere, or in each word at most one edit, in a long word two. So
 * DATABASE_PORT is not taken for DATABASE_POOL: a short word with two edits is another word.
 */
function isMisspelled(name: string, setting: string): boolean {
  if (OLD_NAMES[name] === setting) return true;
  if (Math.abs(name.length - setting.length) > 3) return false;
  if (editDistance(name, setting) <= 1) return true;
  const [words, ofSetting] = [name.split('_'), setting.split('_')];
  if (words.length !== ofSetting.length) return false;
  const edits = words.map((word, index) => editDistance(word, ofSetting[index] ?? ''));
  const total = edits.reduce((sum, count) => sum + count, 0);
  return total <= 3 && edits.every((count, index) => count <= ((ofSetting[index] ?? '').length > 5 ? 2 : 1));
}

/** The number of letters to insert, remove, replace or swap with their neighbour (optimal string alignment). */
function editDistance(one: string, other: string): number {
  const rows = Array.from({ length: one.length + 1 }, (_, row) =>
    Array.from({ length: other.length + 1 }, (_, column) => (row === 0 ? column : column === 0 ? row : 0)),
  );
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let row = 1; row <= one.length; row += 1) {
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      (rows[row] as number[])[column] = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + (isSame ? 0 : 1),
        isSwapped ? at(row - 2, column - 2) + 1 : Infinity,
      );
    }
  }
  return at(one.length, other.length);
}
