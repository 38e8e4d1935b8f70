import type { paths } from '@tidings/client';
import type { Definition } from '@tidings/event-types/definitions';

/** An event type in the API's list. */
type ServedType = paths['/api/event-types']['get']['responses']['200']['content']['application/json']['data'][number];

/** Returns the definition of a type that the API serves. */
export function definitionOf({ example, ...served }: ServedType): Definition {
  return { ...served, unknown_fields: 'refuse', examples: [example] };
}
