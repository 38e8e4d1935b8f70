/**
 * Tidings does not take an event, now or later: its id is another event's, or it does not fit the catalog. A publish
 * function throws it to tell that apart from a Tidings that is away; nothing of its list was accepted then.
 */
export class RejectedEventError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'RejectedEventError';
  }
}
