import type { FramedEvent } from './frame.js';

/** An event with its position in the log. */
export interface StreamEvent extends FramedEvent {
  position: number;
  version: number;
  /** Whether this version was above the default one when the event was accepted: only streams that name it get the event. */
  isPreview: boolean;
  /** The owner who may see it; null: everyone. */
  owner: string | null;
  /** The time of its announcement, in Unix milliseconds; undefined when it was read from the log. */
  announcedAt?: number;
}

/** Successive events of the log. */
export interface StreamPage {
  events: StreamEvent[];
  /** The position to continue after; null: the log had no further events at the time of the read. */
  next: number | null;
}
