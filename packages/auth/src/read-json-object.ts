const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const STRING = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

/**
 * Decodes a part of a token: canonical base64url (RFC 7515, 2) of a JSON object in UTF-8. No name may occur twice, since
 * parsers differ in which value they use (RFC 8725, 2.4). Null for any other text.
 */
export function readJsonObject(part: string): Record<string, unknown> | null {
  if (!isCanonical(part)) return null;
  let text: string;
  let value: unknown;
  try {
    text = UTF_8.decode(Buffer.from(part, 'base64url'));
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const names = [...text.matchAll(STRING)].filter(([, colon]) => colon !== undefined).length;
  return names === countNames(value) ? (value as Record<string, unknown>) : null;
}

/** Returns whether a text is canonical base64url: no padding, no unused bits set, no characters that decoders skip. */
export function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

function countNames(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const count = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, inner) => sum + countNames(inner), count);
}
