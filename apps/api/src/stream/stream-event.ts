import type { FramedEvent } from './frame.js';

/** An event with its place in the log. */
export interface StreamEvent extends FramedEvent {
  position: number;
  /** The one user who may see it; null: everyone. */
  owner: string | null;
  /** When it was announced, in Unix milliseconds; undefined for what was read from the log. */
  announcedAt?: number;
}

/** Events of the log, one after the other. */
export interface StreamPage {
  events: StreamEvent[];
  /** Whether there was nothing more to read, as of when it was read. */
  complete: boolean;
}
