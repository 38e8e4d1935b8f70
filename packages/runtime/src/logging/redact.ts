const REDACTED = '[redacted]';
const SECRET_NAME = /secret|token|ticket|authorization|cookie|password|api[-_]?key|jwt/i;
/**
 * Webhook secrets, JSON Web Tokens, credentials of headers, and tokens and passwords in URLs, anywhere in a text. None may begin
 * with a run of any characters: each start would read the rest of it, in quadratic time.
 */
const SECRET_TEXTS: readonly [RegExp, string][] = [
  [/whsec_[A-Za-z0-9+/=_-]+/g, REDACTED],
  [/\beyJ[A-Za-z0-9_-]{1,8192}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?/g, REDACTED],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/gi, `$1 ${REDACTED}`],
  [/([?&](?:ticket|token|access_token|\w{0,30}password)=)[^&\s"]+/gi, `$1${REDACTED}`],
  [/(:\/\/[^\s:/@]*:)[^\s/]+@/g, `$1${REDACTED}@`],
];
/** Texts in a line are cut off behind this many characters: a request's path alone may have 16 KB. */
const MAX_TEXT = 8192;
const MAX_DEPTH = 6;

/**
 * Returns a copy that is safe to log: values whose name or text looks like a secret are replaced by `[redacted]` (I8). Errors
 * keep their name, message, code, stack and cause; bytes are replaced by their number; values below six levels by `[deep]`;
 * texts are cut off behind 8,192 characters.
 *
 * @param depth the level of `value`; for the recursion
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[deep]';
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${String(value.byteLength)} bytes]`;
  if (value instanceof Error) {
    const { name, message, stack, cause } = value;
    const code = 'code' in value ? value.code : undefined;
    return redact(
      { name, message, ...(code === undefined ? {} : { code }), stack, ...(cause === undefined ? {} : { cause }) },
      depth + 1,
    );
  }
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, SECRET_NAME.test(key) ? REDACTED : redact(item, depth + 1)]),
  );
}

function redactText(whole: string): string {
  const text = whole.length > MAX_TEXT ? `${whole.slice(0, MAX_TEXT)}…` : whole;
  return SECRET_TEXTS.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}
