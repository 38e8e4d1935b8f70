/**
 * Tidings will never accept an event: another event has its id, or it does not match the catalog. A publish function throws it
 * to distinguish the rejection from an installation that is away. Nothing of the batch was accepted.
 */
export class RejectedEventError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'RejectedEventError';
  }
}
