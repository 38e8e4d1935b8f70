/** The shortest secret of HS256, in bytes: as long as its hash (RFC 7518, 3.2). */
export const MIN_SECRET_BYTES = 32;

const LINE_BREAK = /\r?\n|\\n/;
const isLong = (text: string): boolean => Buffer.byteLength(text) >= MIN_SECRET_BYTES;

/**
 * Returns the secrets in a value of JWT_SECRET, the newest first: one a line, where `\n` counts as a line break. A value with a
 * line of less than 32 bytes is one secret, as `openssl rand -base64 64` prints it in two lines.
 */
export function secretsIn(value: string): [string, ...string[]] {
  const [first = '', ...others] = linesIn(value);
  return others.length > 0 && [first, ...others].every(isLong) ? [first, ...others] : [value.trim()];
}

/**
 * Returns the texts that verify tokens: the secrets and, if it is another text, the whole value. It was the secret until values
 * had several, so no value with line breaks or white space at its end stops working for services that sign with it.
 */
export function verifyingSecrets(value: string): string[] {
  return [...new Set([...secretsIn(value), value])];
}

/** Returns what an operator should know about a value of JWT_SECRET, without the value. */
export function secretNotices(value: string): string[] {
  const lines = linesIn(value);
  if (lines.length > 1 && !lines.every(isLong)) {
    return [
      `JWT_SECRET has several lines, and one of less than ${String(MIN_SECRET_BYTES)} bytes: it is used as one secret. Several secrets stand one a line, each of at least ${String(MIN_SECRET_BYTES)} bytes.`,
    ];
  }
  const parts = value.split(/[,;\s]+/).filter((part) => part !== '');
  if (lines.length === 1 && parts.length > 1 && parts.every(isLong)) {
    return [
      'JWT_SECRET looks like several secrets in one line: it is used as one secret. Several secrets stand one a line (\\n counts as a line break).',
    ];
  }
  return [];
}

function linesIn(value: string): string[] {
  return value
    .split(LINE_BREAK)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
