import { z } from 'zod';
import { eventJob } from '@tidings/events';
import { receivedSchema, toDraft07 } from '@tidings/event-types';
import { contractComponents } from '../openapi/contract-components.js';
import { describeVersion, versionedName, type DescribedType } from '../openapi/described-types.js';
import type { NamedVersion } from '../openapi/named-versions.js';
import { normalizeSchema, type JsonSchema } from '../openapi/normalize-schema.js';
import { membersOf } from '../openapi/pieces.js';
import { notices } from '../stream/notices.js';

/** A message of the document. */
export interface Message {
  /** Its key in the document. */
  key: string;
  /** The member of `components.messages`, as JSON text. */
  text: string;
}

/** What the document says of a version of a type. */
interface MessagesOfVersion {
  streamed: Message;
  /** The jobs of the queue; none for a type that services do not publish. */
  queued: Message[];
  /** The members of `components.schemas`, as JSON text. */
  schemas: string[];
}

/** The job of any type, without its `type`, which each message has. */
const JOB = draft07(eventJob);

/** Writes the messages of a version: on the stream, and in the queue. */
export function writeMessages({ described, names, use }: NamedVersion): MessagesOfVersion {
  const { [names.data]: payload = {}, ...definitions } = contractComponents(names.data, 'output', (referTo) =>
    toDraft07(receivedSchema(described), referTo),
  );
  const { type, examples } = described;
  const streamed = message(streamedKey(described), described, {
    headers: sseFields(type, ['id', 'event']),
    payload,
    examples: examples.map((example) => ({
      headers: { id: 'evt_01938c4e-5c3a-7e6b-9f00-3d2f1a0b4c5d', event: type },
      payload: example,
    })),
  });
  return {
    streamed,
    queued: use === 'published' ? [queuedMessage(described)] : [],
    schemas: Object.keys(definitions).length === 0 ? [] : [membersOf(definitions)],
  };
}

/** The messages of the stream about itself. */
export function noticeMessages(): Message[] {
  return Object.entries(notices).map(([type, { description, schema, example }]) =>
    messageOf(type, {
      name: type,
      title: type,
      summary: description,
      headers: sseFields(type, type === 'stream.open' ? ['id', 'event'] : ['event']),
      payload: normalizeSchema(draft07(schema), 'output'),
      examples: [{ headers: { ...(type === 'stream.open' ? { id: '@start' } : {}), event: type }, payload: example }],
    }),
  );
}

function queuedMessage(version: DescribedType): Message {
  const { type, examples, isDefault } = version;
  const fields = {
    type: { type: 'string', const: type },
    ...(!isDefault && { version: { type: 'integer', const: version.version } }),
  };
  return message(`queued.${keyOf(version)}`, version, {
    payload: {
      ...JOB,
      properties: { ...(JOB['properties'] as object), ...fields },
      required: [...new Set([...(JOB['required'] as string[]), ...Object.keys(fields)])],
    },
    examples: examples.map((example) => ({
      payload: {
        id: 'sync-4711',
        type,
        ...(!isDefault && { version: version.version }),
        timestamp: '2026-11-24T10:00:00.000Z',
        data: JSON.stringify(example),
      },
    })),
  });
}

/** The key of a version. Names of components have no `@`, and those of types no `-`. */
function keyOf({ type, version, isDefault }: DescribedType): string {
  return isDefault ? type : `${type}-v${String(version)}`;
}

/** The key of a message of the stream, which is none of a message of the queue, even if its type begins like one. */
function streamedKey(version: DescribedType): string {
  return version.type.startsWith('queued.') ? `streamed-${keyOf(version)}` : keyOf(version);
}

function message(key: string, version: DescribedType, rest: Record<string, unknown> & { examples: readonly object[] }): Message {
  const { title, deprecatedAt } = version;
  const { examples, ...described } = rest;
  const name = key.startsWith('queued.') ? `queued.${versionedName(version)}` : versionedName(version);
  return messageOf(key, {
    name,
    title: title ?? name,
    summary: describeVersion(version),
    ...(deprecatedAt !== null && { tags: [{ name: 'deprecated' }] }),
    ...described,
    ...(examples.length > 0 && { examples }),
  });
}

function messageOf(key: string, content: object): Message {
  return { key, text: membersOf({ [key]: content }) };
}

/** The schema of the SSE fields of a message, except for `data`. */
function sseFields(type: string, required: string[]): JsonSchema {
  const fields = { id: { type: 'string', description: 'The event id to resume from: `Last-Event-ID`.' }, event: { const: type } };
  const properties = Object.fromEntries(Object.entries(fields).filter(([name]) => required.includes(name)));
  return { type: 'object', required, properties, additionalProperties: false };
}

/** Converts a zod schema to JSON Schema of draft 07. */
export function draft07(schema: z.ZodType, io: 'input' | 'output' = 'output'): JsonSchema {
  const { $schema: _dialect, ...converted } = z.toJSONSchema(schema, { target: 'draft-07', io, unrepresentable: 'any' });
  return converted;
}
