const STRING = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

/**
 * The object in a part of a token: canonical base64url (RFC 7515, 2) of a JSON object in which no name occurs twice, since
 * parsers differ in which one they take (RFC 8725, 2.4). Null for any other text.
 */
export function readJsonObject(part: string): Record<string, unknown> | null {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) return null;
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const names = [...text.matchAll(STRING)].filter(([, colon]) => colon !== undefined).length;
  return names === countNames(value) ? (value as Record<string, unknown>) : null;
}

function countNames(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, inner) => sum + countNames(inner), own);
}
