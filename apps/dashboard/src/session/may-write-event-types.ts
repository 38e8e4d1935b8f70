/** Returns whether a token with these scopes may write event types. */
export function mayWriteEventTypes(scopes: ReadonlySet<string>): boolean {
  return scopes.has('event-types:write') || scopes.has('admin');
}
