/** The error when an event type was changed between the validation of an event and its acceptance: it must be validated again. */
export class StaleEventTypesError extends Error {
  constructor() {
    super('An event type was changed since the event was validated. Validate it again.');
    this.name = 'StaleEventTypesError';
  }
}
