import { isPattern, matches } from '@tidings/events';

/** The scope that allows to publish events of all types. With `:` and a pattern of types it allows those: `events:publish:sync.*`. */
export const PUBLISH = 'events:publish';

/** Returns whether one of the scopes allows to publish events of the type. A scope that is malformed allows nothing. */
export function mayPublish(scopes: ReadonlySet<string>, type: string): boolean {
  return scopes.has(PUBLISH) || patternsIn(scopes).some((pattern) => matches(pattern, type));
}

/** Returns whether one of the scopes allows to publish events of any type, which the catalog may lack. */
export function mayPublishAny(scopes: ReadonlySet<string>): boolean {
  return scopes.has(PUBLISH) || patternsIn(scopes).length > 0;
}

function patternsIn(scopes: ReadonlySet<string>): string[] {
  return [...scopes]
    .filter((scope) => scope.startsWith(`${PUBLISH}:`))
    .map((scope) => scope.slice(PUBLISH.length + 1))
    .filter(isPattern);
}
