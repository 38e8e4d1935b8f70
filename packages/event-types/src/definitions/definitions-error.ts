/** Definitions cannot be used. The faults say what is wrong, each with its place; the path that was read is not among them. */
export class DefinitionsError extends Error {
  constructor(
    readonly faults: readonly string[],
    options?: ErrorOptions,
  ) {
    super(faults.join('\n'), options);
    this.name = 'DefinitionsError';
  }
}
