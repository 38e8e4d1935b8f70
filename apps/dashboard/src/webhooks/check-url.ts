const MAX_LENGTH = 2048;

/**
 * Returns an error for a webhook URL that is certainly invalid, or null. The API does the full check: it also knows the
 * allowed networks and the addresses of a host name.
 */
export function checkUrl(text: string): string | null {
  if (text === '') return 'A URL is required.';
  if (text.length > MAX_LENGTH) return `The URL must have at most ${String(MAX_LENGTH)} characters.`;
  if (/[\s\\]/.test(text)) return 'The URL must not contain spaces or backslashes.';
  if (!/^https?:\/\//i.test(text)) return 'The URL must begin with https:// or http://.';
  const url = URL.parse(text);
  if (url === null || url.hostname === '') return 'The URL is not complete.';
  if (url.username !== '' || url.password !== '')
    return 'The URL must not contain a user name or password. Use a header instead.';
  if (url.port !== '' && url.port !== '80' && url.port !== '443' && Number(url.port) < 1024) {
    return 'The port must be 80, 443 or above 1023.';
  }
  return null;
}
