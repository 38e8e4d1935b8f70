/** A mistake in one field of an event. */
export interface FieldError {
  /** The path to the field: `data.items_synced`, or `events[3].data.user_id` in a batch. */
  field: string;
  /** The mistake, as the end of a sentence: "must be …", "is not a known field". */
  message: string;
}

/** At least one event does not match the catalog. Nothing of the list was published. */
export class InvalidEventError extends Error {
  constructor(
    /** Every wrong field of every event. */
    readonly errors: readonly FieldError[],
  ) {
    super(`Nothing was published. ${errors.map(({ field, message }) => `${field}: ${message}`).join('; ')}`);
    this.name = 'InvalidEventError';
  }
}
