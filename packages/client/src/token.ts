/** A token, or where to get one: it is asked again for each connection, so that a new one is used before the old one ends. */
export type TokenSource = string | (() => string | Promise<string>);

/** The token of now. */
export async function readToken(source: TokenSource): Promise<string> {
  return typeof source === 'string' ? source : source();
}
