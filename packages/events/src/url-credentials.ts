const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
/** The first option behind a host. Options may have any `@`. */
const OPTION = /\?[\w.-]+=/;
const NOT_ENCODED = /[/?#@\s]|%(?![0-9a-f]{2})/i;

/**
 * Finds a user or a password that is not percent-encoded (RFC 3986, section 3.2.1), with which a URL says something else or
 * nothing. Returns the mistake in words, without the credentials; undefined: there is none.
 *
 * @param text one URL, with or without credentials
 */
export function unencodedCredentials(text: string): string | undefined {
  const rest = withoutOptions(text.replace(SCHEME, ''));
  // Up to the last `@`: an unencoded `/`, `?`, `#` or `@` of a password is in it, too.
  const userinfo = rest.slice(0, Math.max(rest.lastIndexOf('@'), 0));
  if (!NOT_ENCODED.test(userinfo) && isText(userinfo)) return undefined;
  return 'its user or password has a character that must be percent-encoded: "%" as %25, "/" as %2F, "?" as %3F, "#" as %23, "@" as %40, "," as %2C';
}

function withoutOptions(rest: string): string {
  const end = OPTION.exec(rest)?.index ?? rest.length;
  const before = rest.slice(0, end);
  // Without credentials in front of it, it is a part of an unencoded password.
  const [authority = ''] = before.split(/[/?#]/, 1);
  return authority.includes('@') && !/[?#]/.test(before) ? before : rest;
}

/** Whether the percent-encoded bytes are UTF-8. */
function isText(encoded: string): boolean {
  try {
    decodeURIComponent(encoded);
    return true;
  } catch {
    return false;
  }
}
