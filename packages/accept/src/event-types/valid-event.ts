import type { TidingsEvent } from '@tidings/events';

/** An event that was validated by a version of its type. */
export interface ValidEvent extends TidingsEvent {
  version: number;
  /** Whether the version was above the default one: only those who name it get the event. */
  isPreview: boolean;
  /** The revision of the type by which it was validated, which accepting compares. */
  typeRevision: string;
}
