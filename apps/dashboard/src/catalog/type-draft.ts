import type { EventType, Target } from './event-types-api.js';
import { jsonFault, type Fault } from './faults.js';

/** The content of the form for an event type. The schema and the examples are JSON as it was typed. */
export interface TypeDraft {
  type: string;
  title: string;
  description: string;
  group: string;
  audience: EventType['audience'];
  ownerField: string;
  unknownFields: EventType['unknown_fields'];
  schema: string;
  examples: ExampleDraft[];
}

/** An example in the form. */
export interface ExampleDraft {
  /** Identifies the field in React. */
  key: number;
  text: string;
}

const OWNER_FIELD = 'user_id';
const NAME = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/;
const MAX_NAME = 100;

/** The form for a new type, with the least schema that names an owner. */
export const NEW_TYPE: TypeDraft = {
  type: '',
  title: '',
  description: '',
  group: '',
  audience: 'owner',
  ownerField: OWNER_FIELD,
  unknownFields: 'refuse',
  schema: writeJson({ type: 'object', properties: { [OWNER_FIELD]: { type: 'string' } }, required: [OWNER_FIELD] }),
  examples: [{ key: 1, text: writeJson({ [OWNER_FIELD]: 'alice' }) }],
};

/** Returns the form for a version of a type. */
export function draftOf(eventType: EventType): TypeDraft {
  return {
    type: eventType.type,
    title: eventType.title ?? '',
    description: eventType.description,
    group: eventType.group ?? '',
    audience: eventType.audience,
    ownerField: eventType.owner_field ?? OWNER_FIELD,
    unknownFields: eventType.unknown_fields,
    schema: writeJson(eventType.schema),
    examples: eventType.examples.map((example, index) => ({ key: index + 1, text: writeJson(example) })),
  };
}

/** Returns the request body as JSON text. The schema and the examples must be JSON: see {@link faultsOf}. */
export function bodyOf(draft: TypeDraft, target: Target): string {
  const fields = {
    title: emptyAsNull(draft.title),
    description: draft.description,
    group: emptyAsNull(draft.group),
    audience: draft.audience,
    ...(draft.audience === 'owner' ? { owner_field: draft.ownerField.trim() } : {}),
    unknown_fields: draft.unknownFields,
    ...target,
  };
  const examples = draft.examples.map(({ text }) => text).join(',');
  return `${JSON.stringify(fields).slice(0, -1)},"schema":${draft.schema},"examples":[${examples}]}`;
}

/** Returns the faults that need no server: a name that cannot be one, and text that is no JSON. */
export function faultsOf(draft: TypeDraft): Fault[] {
  return [
    ...nameFault(draft.type),
    ...jsonFault('schema', draft.schema),
    ...draft.examples.flatMap(({ text }, index) => jsonFault(`examples[${String(index)}]`, text)),
  ];
}

function nameFault(name: string): Fault[] {
  const fault = (message: string): Fault[] => [{ field: 'type', message }];
  if (name === '') return fault('A name is required.');
  if (name.length > MAX_NAME) return fault(`The name must have at most ${String(MAX_NAME)} characters.`);
  if (!NAME.test(name)) {
    return fault(
      'The name must have at least two parts with a dot between them, such as “invoice.paid”. Each part begins with a lower-case letter and has only lower-case letters, digits and underscores.',
    );
  }
  return [];
}

function emptyAsNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}

function writeJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
