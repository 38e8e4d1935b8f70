/**
 * A token, or a function that returns one. It is called for each connection and each API call, so that it can return a new
 * token before the old one expires.
 */
export type TokenSource = string | (() => string | Promise<string>);

/** Returns the current token of the source. */
export async function readToken(source: TokenSource): Promise<string> {
  return typeof source === 'string' ? source : source();
}
