import { SCHEMAS } from './contract-components.js';
import { versionsByType } from './described-types.js';
import type { NamedVersion } from './named-versions.js';
import { NEW_EVENT, NEW_EVENT_BATCH, NEW_EVENTS } from './new-events.js';
import type { JsonSchema } from './normalize-schema.js';
import { WEBHOOK_EVENT } from './webhooks.js';

const STREAMED_DATA = 'StreamedData';

/** The names of the components that speak of all types. */
export const OF_ALL_TYPES: readonly string[] = [NEW_EVENT, NEW_EVENTS, NEW_EVENT_BATCH, WEBHOOK_EVENT, STREAMED_DATA];

/**
 * Writes the components of events of any type: to publish, to receive, and on streams. The field `type` tells the types apart. A
 * type of several versions has a union of its own in them, which `version` tells apart in requests, and nothing in deliveries. The
 * union of a request body has the versions one by one: ogen knows no union of unions.
 */
export function unionsOf(versions: readonly NamedVersion[]): Record<string, JsonSchema> {
  const unions: Record<string, JsonSchema> = {};
  const byType = (uses: readonly NamedVersion['use'][]) => [
    ...versionsByType(
      versions.filter(({ use }) => uses.includes(use)).map((version) => ({ ...version, type: version.described.type })),
    ),
  ];

  const published = byType(['published']).map(([type, [first, ...others]]) => {
    if (first === undefined || others.length === 0) return [type, first?.names.newEvent ?? ''] as const;
    const { newAnyEvent } = first.names;
    unions[newAnyEvent] = {
      description: `A new event of the type ${type}, in any version.`,
      oneOf: [first, ...others].map(({ names }) => refTo(names.newEvent)),
    };
    return [type, newAnyEvent] as const;
  });
  const sent = byType(['published', 'sent']).map(([type, [first, ...others]]) => {
    if (first === undefined || others.length === 0) return [type, first?.names.event ?? ''] as const;
    const { anyEvent } = first.names;
    unions[anyEvent] = {
      description: `An event of the type ${type}, in any version: the header \`webhook-event-version\` names it.`,
      // The data of one version may be that of another one, too.
      anyOf: [first, ...others].map(({ names }) => refTo(names.event)),
    };
    return [type, anyEvent] as const;
  });
  const streamed = byType(['published', 'streamed']).map(([type, ofType]): [string, JsonSchema] => {
    const refs = ofType.map(({ names }) => refTo(names.data));
    return [type, refs.length === 1 ? (refs[0] as JsonSchema) : { anyOf: refs }];
  });

  return {
    ...unions,
    [STREAMED_DATA]: {
      type: 'object',
      properties: Object.fromEntries(streamed),
      required: streamed.map(([type]) => type),
      description: 'The `data` of each event of the stream, by its `event`.',
    },
    [WEBHOOK_EVENT]: { description: 'The body of a request to a webhook.', ...unionByType(sent) },
    [NEW_EVENTS]: {
      description: 'One event, or a batch of events.',
      oneOf: [...versions.filter(({ use }) => use === 'published').map(({ names }) => names.newEvent), NEW_EVENT_BATCH].map(
        refTo,
      ),
    },
    [NEW_EVENT]: unionByType(published),
  };
}

function unionByType(nameByType: readonly (readonly [type: string, name: string])[]): JsonSchema {
  const mapping = Object.fromEntries(nameByType.map(([type, name]) => [type, SCHEMAS + name]));
  return { discriminator: { propertyName: 'type', mapping }, oneOf: nameByType.map(([, name]) => refTo(name)) };
}

function refTo(name: string): JsonSchema {
  return { $ref: SCHEMAS + name };
}
