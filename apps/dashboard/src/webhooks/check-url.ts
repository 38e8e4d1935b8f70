const MAX_LENGTH = 2048;

/**
 * What is certainly wrong with a webhook's URL, while it is typed, or null. The API has the last word: it also knows which
 * networks are open, and where a name leads.
 */
export function checkUrl(text: string): string | null {
  if (text === '') return 'A webhook needs a URL.';
  if (text.length > MAX_LENGTH) return `It may have ${String(MAX_LENGTH)} characters at most.`;
  if (/[\s\\]/.test(text)) return 'It must not hold spaces or backslashes.';
  if (!/^https?:\/\//i.test(text)) return 'It begins with https:// or http://.';
  const url = URL.parse(text);
  if (url === null || url.hostname === '') return 'This is not a URL yet.';
  if (url.username !== '' || url.password !== '') return 'It must not hold a user name or password: use a header.';
  if (url.port !== '' && url.port !== '80' && url.port !== '443' && Number(url.port) < 1024) {
    return 'Its port must be 80, 443 or one above 1023.';
  }
  return null;
}
