import type { Definition } from '@tidings/event-types/definitions';
import { typeOf } from './type-of-schema.js';

const HEADER = `// Written by "tidings types pull --typescript". Do not edit: pull again after a change.
`;

const FOOTER = `
/** The name of an event type. */
export type EventType = keyof Events;

/** An event to publish. */
export type NewEvent = { [Type in EventType]: { type: Type; data: Events[Type]; id?: string; timestamp?: string } }[EventType];

/** The body of a webhook. */
export type WebhookBody = { [Type in EventType]: { type: Type; timestamp: string; data: Events[Type] } }[EventType];
`;

/** Writes event types as a module of TypeScript: the data of each type, and the unions of new events and of the bodies of webhooks. */
export function writeTypescript(definitions: readonly Definition[]): string {
  const members = definitions.map(
    ({ type, description, schema, unknown_fields }) =>
      `${comment(description)}  ${JSON.stringify(type)}: ${typeOf(schema, { root: schema, keepsUnknownFields: unknown_fields === 'keep' }, '  ')};\n`,
  );
  return `${HEADER}
/** The data of the events of each type. */
export interface Events {
${members.join('')}}
${FOOTER}`;
}

function comment(text: string): string {
  const lines = text.replaceAll('*/', '*\\/').split(/\r\n|[\n\r\u2028\u2029]/);
  return lines.length === 1 ? `  /** ${lines.join('')} */\n` : `  /**\n${lines.map((line) => `   * ${line}\n`).join('')}   */\n`;
}
