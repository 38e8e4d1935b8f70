import { describeEventType, type EventDefinition } from '@tidings/events';
import type { JsonSchema } from '../contract.js';
import type { Definition } from './definition.js';

/** Returns what `defineEvent` made as the definition that a file has of it. It is not checked. */
export function definitionOfEvent(event: EventDefinition): Definition {
  const { ownerField, example, ...description } = describeEventType(event);
  return {
    ...description,
    owner_field: ownerField,
    unknown_fields: unknownFieldsOf(description.schema),
    examples: [example as Record<string, unknown>],
  };
}

/**
 * What becomes of unknown fields, by the JSON Schema that zod writes: `z.looseObject` writes `additionalProperties: {}` and keeps them;
 * `z.strictObject` and `z.object` write `false`. (zod itself drops them from a `z.object`: there is no third way for them in a contract.)
 * zod writes `additionalProperties` into the objects inside, too, so each of them stays open or closed as its own schema says.
 */
function unknownFieldsOf({ additionalProperties: others }: JsonSchema): Definition['unknown_fields'] {
  const isAnything = others === true || (typeof others === 'object' && others !== null && Object.keys(others).length === 0);
  return isAnything ? 'keep' : 'refuse';
}
