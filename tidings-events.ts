// Written by "tidings types pull --typescript". Do not edit: pull again after a change.

/** The data of the events of each type. */
export interface Events {
  /** An extraction of the music catalogue began. */
  "extraction.started": {
    version: string;
    entity_types: string[];
  };
  /** An extraction of the music catalogue ended, and its records are available. */
  "extraction.completed": {
    version: string;
    record_counts: Record<string, number>;
    duration_s: number;
  };
  /** A user's collection was synchronised. */
  "sync.completed": {
    user_id: string;
    items_synced: number;
    errors: number;
    duration_s: number;
  };
  /** The synchronisation of a user's collection failed. */
  "sync.failed": {
    user_id: string;
    error_message: string;
  };
  /** The gaps in a user's collection were computed again for one artist, label or other entity. */
  "gaps.updated": {
    user_id: string;
    entity_type: string;
    entity_id: string;
  };
}

/** The name of an event type. */
export type EventType = keyof Events;

/** An event to publish. */
export type NewEvent = { [Type in EventType]: { type: Type; data: Events[Type]; id?: string; timestamp?: string } }[EventType];

/** The body of a webhook. */
export type WebhookBody = { [Type in EventType]: { type: Type; timestamp: string; data: Events[Type] } }[EventType];
