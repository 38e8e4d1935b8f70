import type { FieldError } from '@tidings/events';

/** The error for an event type that cannot be written. It names every wrong field. */
export class InvalidEventTypeError extends Error {
  constructor(readonly errors: readonly FieldError[]) {
    super(errors.map(({ field, message }) => `${field} ${message}`).join('; '));
    this.name = 'InvalidEventTypeError';
  }
}
