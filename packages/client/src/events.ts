import type { components } from './generated/api.js';

type StreamedData = components['schemas']['StreamedData'];

/** The types of events that a stream may send, such as `sync.completed`. */
export type EventType = keyof StreamedData;

/** One event of the stream. `event.type === 'sync.completed'` tells TypeScript what `event.data` is. */
export type StreamedEvent = {
  [Type in EventType]: {
    /** What to resume after. */
    id: string;
    type: Type;
    /** As the catalog says of the type. */
    data: StreamedData[Type];
  };
}[EventType];

type Area<Type> = Type extends `${infer Head}.${string}` ? `${Head}.*` : never;

/** A type, all types of one area (`sync.*`), or every type. */
export type TypePattern = EventType | Area<EventType> | '*';
