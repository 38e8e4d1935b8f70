import { catalog } from '@tidings/events';
import type { Definition } from './definition.js';
import { definitionOfEvent } from './definition-of-event.js';

/** Returns the definitions of the event types that a new installation has. */
export function shippedDefinitions(): Definition[] {
  return catalog.definitions.map(definitionOfEvent);
}
