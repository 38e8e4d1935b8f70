import type { Definition } from '@tidings/event-types/definitions';
import { typeOf } from './type-of-schema.js';

/** An event type with all of its versions. */
export interface VersionedType {
  type: string;
  defaultVersion: number;
  /** The definitions of its versions, in ascending order; each names its version. */
  versions: readonly Definition[];
}

const HEADER = `// Written by "tidings types pull --typescript". Do not edit: pull again after a change.
`;

const FOOTER = `
/** The name of an event type. */
export type EventType = keyof Events;

/** The versions of a type. */
export type EventVersion<Type extends EventType> = keyof EventVersions[Type];

/** An event to publish: of its type's default version, or of the version that it names. */
export type NewEvent = {
  [Type in EventType]:
    | { type: Type; version?: never; data: Events[Type]; id?: string; timestamp?: string }
    | {
        [Version in EventVersion<Type>]: {
          type: Type;
          version: Version;
          data: EventVersions[Type][Version];
          id?: string;
          timestamp?: string;
        };
      }[EventVersion<Type>];
}[EventType];

/** The body of a webhook. Its version is in the header webhook-event-version. */
export type WebhookBody = {
  [Type in EventType]: { type: Type; timestamp: string; data: EventVersions[Type][EventVersion<Type>] };
}[EventType];
`;

/**
 * Writes event types as a module of TypeScript: the data of each type and of each of its versions, and the unions of new events and
 * of the bodies of webhooks.
 */
export function writeTypescript(types: readonly VersionedType[]): string {
  return `${HEADER}
/** The data of the events of each type, in its default version. */
export interface Events {
${types.map(writeDefault).join('')}}

/** The data of each version of each type. */
export interface EventVersions {
${types.map(writeVersions).join('')}}
${FOOTER}`;
}

function writeDefault({ type, defaultVersion, versions }: VersionedType): string {
  const found = versions.find(({ version }) => version === defaultVersion);
  if (found === undefined) throw new Error(`${type} lacks its default version ${String(defaultVersion)}.`);
  return `${comment(found.description)}  ${JSON.stringify(type)}: ${dataOf(found, '  ')};\n`;
}

function writeVersions({ type, defaultVersion, versions }: VersionedType): string {
  const name = JSON.stringify(type);
  const members = versions.map((definition) => {
    const data = definition.version === defaultVersion ? `Events[${name}]` : dataOf(definition, '    ');
    return `    ${String(definition.version)}: ${data};\n`;
  });
  return `  ${name}: {\n${members.join('')}  };\n`;
}

function dataOf({ schema, unknown_fields: unknownFields }: Definition, indent: string): string {
  return typeOf(schema, { root: schema, keepsUnknownFields: unknownFields === 'keep' }, indent);
}

function comment(text: string): string {
  const lines = text.replaceAll('*/', '*\\/').split(/\r\n|[\n\r\u2028\u2029]/);
  return lines.length === 1 ? `  /** ${lines.join('')} */\n` : `  /**\n${lines.map((line) => `   * ${line}\n`).join('')}   */\n`;
}
