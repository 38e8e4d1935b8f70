import type { components } from './generated/api.js';

type StreamedData = components['schemas']['StreamedData'];

/** The event types of the stream, such as `sync.completed`. */
export type EventType = keyof StreamedData;

/** An event of the stream. A comparison such as `event.type === 'sync.completed'` narrows the type of `event.data`. */
export type StreamedEvent = {
  [Type in EventType]: {
    /** The id of the event, after which a stream can resume. */
    id: string;
    type: Type;
    /** The payload, as the catalog defines it for the type. */
    data: StreamedData[Type];
    /** The payload as JSON text, as the server sent it: numbers have all their digits, of which `data` holds about 16. */
    json: string;
  };
}[EventType];

type Prefix<Type> = Type extends `${infer Head}.${string}` ? `${Head}.*` : never;

/** An event type, all types with a prefix (`sync.*`), or all types (`*`). */
export type TypePattern = EventType | Prefix<EventType> | '*';
