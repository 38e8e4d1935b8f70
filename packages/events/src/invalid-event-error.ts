/** One thing that is wrong with what was handed in. */
export interface FieldError {
  /** The path to the field: `data.items_synced`, or `events[3].data.user_id` in a list. */
  field: string;
  message: string;
}

/** Events that do not fit their definitions. Nothing of the list was published. */
export class InvalidEventError extends Error {
  constructor(
    /** Every wrong field of every event. */
    readonly errors: readonly FieldError[],
  ) {
    super(`Nothing was published. ${errors.map(({ field, message }) => `${field}: ${message}`).join('; ')}`);
    this.name = 'InvalidEventError';
  }
}
