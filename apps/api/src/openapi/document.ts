import { describeEventType, webhookTest, webhookVerification } from '@tidings/events';
import { publishedSchema, receivedSchema } from '@tidings/event-types';
import { contractComponents } from './contract-components.js';
import { toDescribedType } from './to-described-type.js';
import { versionedName, type DescribedType, type DescribedTypes } from './described-types.js';
import { nameVersions, type NamedVersion } from './named-versions.js';
import { anyNewEvent, NEW_EVENT, NEW_EVENT_BATCH, newEvent, newEventBatch } from './new-events.js';
import type { JsonSchema } from './normalize-schema.js';
import { describePaths } from './paths.js';
import { createPause } from './pause.js';
import { createPieceWriter, membersOf, separated } from './pieces.js';
import type { Route } from './route.js';
import { OF_ALL_TYPES, unionsOf } from './unions.js';
import { RECEIVE_EVENT, receivedEvent, webhookOperation } from './webhooks.js';

/** Writes a document of the event types as JSON text, in parts that follow each other. */
export type WriteDocument = (described: Omit<DescribedTypes, 'revision'>) => Promise<string[]>;

/** The events of webhooks themselves. `webhook.disabled` is not one: the webhook that could receive it is disabled. */
const SENT = [webhookTest, webhookVerification].map((definition) => toDescribedType(describeEventType(definition)));

/**
 * Creates the writer of the OpenAPI 3.1 document of the routes, and of the requests that publish events and that webhooks receive.
 *
 * @param basePath the path of the server; default: none
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export function createOpenApiWriter(routes: readonly Route[], basePath = ''): WriteDocument {
  const { paths, webhookHeaders, newEventFields, maxEvents, schemas } = describePaths(routes);
  const head = {
    openapi: '3.1.1',
    info: {
      title: 'Tidings',
      version: '0.1.0',
      description: 'Webhooks and a live event stream. Every list is newest first unless it says otherwise.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: basePath || '/', description: 'This server' }],
    security: [{ bearer: [] }],
  };
  const securitySchemes = { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } };
  const reserved = [...Object.keys(schemas), ...OF_ALL_TYPES, RECEIVE_EVENT];

  const writePieces = createPieceWriter(({ described, names, use }: NamedVersion) => {
    const components = {
      ...contractComponents(names.data, 'output', (referTo) => receivedSchema(described, referTo)),
      ...(use !== 'streamed' && { [names.event]: receivedEvent(described, names) }),
      ...(use === 'published' && {
        ...contractComponents(names.newData, 'input', (referTo) => publishedSchema(described, referTo)),
        [names.newEvent]: newEvent(described, names, newEventFields),
      }),
    };
    const webhook = { [versionedName(described)]: { post: webhookOperation(described, names, webhookHeaders) } };
    return { components: membersOf(components), webhook: use === 'streamed' ? [] : [membersOf(webhook)] };
  });

  return async ({ types, systemTypes }) => {
    const pause = createPause();
    const versions = await nameVersions({ published: types, sent: SENT, streamed: systemTypes }, reserved, pause);
    const pieces = await writePieces(versions, pause);
    const ofAllTypes: Record<string, JsonSchema> = { ...unionsOf(versions), [NEW_EVENT_BATCH]: newEventBatch(maxEvents) };
    if (types.length === 0) ofAllTypes[NEW_EVENT] = anyNewEvent(newEventFields);
    await pause();
    const fixed = membersOf({ ...head, paths: paths(exampleOf(types)) });
    const components = [membersOf(schemas), ...pieces.map((piece) => piece.components), membersOf(ofAllTypes)];
    return [
      `{${fixed},"webhooks":{`,
      ...separated(pieces.flatMap(({ webhook }) => webhook)),
      `},"components":{${membersOf({ securitySchemes })},"schemas":{`,
      ...separated(components.filter((members) => members !== '')),
      '}}}',
    ];
  };
}

/** An event to publish: of the newest type that has an example. Undefined: none has one. */
function exampleOf(types: readonly DescribedType[]): object | undefined {
  const found = types.findLast(({ isDefault, examples }) => isDefault && examples.length > 0);
  return found && { type: found.type, data: found.examples[0] };
}
