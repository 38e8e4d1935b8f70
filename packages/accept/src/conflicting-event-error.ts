/** Another event has the id: the log has it with another type or other data, or the same call uses it for two different events. */
export class ConflictingEventError extends Error {
  /** The ids that are taken. */
  readonly ids: readonly string[];

  constructor(ids: readonly string[]) {
    super(`An event with the same id and other content was accepted before: ${ids.join(', ')}.`);
    this.name = 'ConflictingEventError';
    this.ids = ids;
  }
}
