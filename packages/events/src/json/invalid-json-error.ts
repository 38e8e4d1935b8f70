import type { FieldError } from '../invalid-event-error.js';

/** A text is JSON, but holds what parsers read in different ways or cannot keep. */
export class InvalidJsonError extends Error {
  constructor(
    /** Every such place, at most a hundred. */
    readonly errors: readonly FieldError[],
  ) {
    super(errors.map(({ field, message }) => `${field}: ${message}`).join('; '));
    this.name = 'InvalidJsonError';
  }
}
