import type { components, paths } from './generated/api.js';

/** The data of each type that a new installation has, and of those that Tidings itself publishes. */
type ShippedEvents = components['schemas']['StreamedData'];

/** The types that Tidings itself publishes: every stream has them. */
type SystemEvents = Pick<ShippedEvents, Extract<keyof ShippedEvents, `webhook.${string}`>>;

interface Draft {
  type: string;
  data: unknown;
}

/**
 * The data of each event type of a catalog. A catalog is the type of one of `@tidings/events` (`typeof catalog`), or an interface with
 * the data of each type, as `tidings types pull --typescript` writes it (`Events`).
 */
export type EventsOf<Catalog> = '~event' extends keyof Catalog
  ? { [Event in Extract<Catalog['~event'], Draft> as Event['type']]: Event['data'] }
  : Catalog;

type Streamed<Catalog> = EventsOf<Catalog> & SystemEvents;

/** The event types of the stream, such as `sync.completed`. */
export type EventType<Catalog = ShippedEvents> = Extract<keyof Streamed<Catalog>, string>;

/** An event of the stream. A comparison such as `event.type === 'sync.completed'` narrows the type of `event.data`. */
export type StreamedEvent<Catalog = ShippedEvents> = {
  [Type in EventType<Catalog>]: {
    /** The id of the event, after which a stream can resume. */
    id: string;
    type: Type;
    /** The payload, as the catalog defines it for the type. */
    data: Streamed<Catalog>[Type];
    /** The payload as JSON text, as the server sent it: numbers have all their digits, of which `data` holds about 16. */
    json: string;
  };
}[EventType<Catalog>];

type Prefix<Type> = Type extends `${infer Head}.${string}` ? `${Head}.*` : never;

/** An event type, one of its versions (`sync.completed@2`), all types with a prefix (`sync.*`), or all types (`*`). */
export type TypePattern<Catalog = ShippedEvents> =
  EventType<Catalog> | `${EventType<Catalog>}@${number}` | Prefix<EventType<Catalog>> | '*';

/** An event to publish, of one of the types of a catalog. */
export type NewEvent<Catalog> = {
  [Type in Extract<keyof EventsOf<Catalog>, string>]: {
    type: Type;
    /** Default: the default version of the type. */
    version?: number;
    data: EventsOf<Catalog>[Type];
    id?: string;
    timestamp?: string;
  };
}[Extract<keyof EventsOf<Catalog>, string>];

type Publish = paths['/api/events']['post'];

/** The routes of the API. The events that may be published are those of the catalog. */
export type PathsOf<Catalog> = [Catalog, ShippedEvents] extends [ShippedEvents, Catalog]
  ? paths
  : Omit<paths, '/api/events'> & {
      '/api/events': Omit<paths['/api/events'], 'post'> & {
        post: Omit<Publish, 'requestBody'> & {
          requestBody: { content: { 'application/json': NewEvent<Catalog> | { events: NewEvent<Catalog>[] } } };
        };
      };
    };

/** The catalog of a client that names none: the types that a new installation has. */
export type { ShippedEvents };
