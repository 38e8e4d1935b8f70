/** How many checks one event may take: about 50 ms. A check is one value against one schema, about 50 ns. */
export const MAX_CHECKS = 1_000_000;

/** How many checks the search for all wrong fields may take, before only the first one is named. */
export const MAX_CHECKS_FOR_ALL_ERRORS = 50_000;

/** Thrown within a validation that takes more checks than it may. */
export class TooManyChecksError extends Error {}

/** What is left of the checks that the validation that runs may take. */
export class Budget {
  private left = 0;

  /** Starts a validation. */
  start(checks: number): void {
    this.left = checks;
  }

  /** Takes checks from what is left. Throws a {@link TooManyChecksError} when that is less. */
  spend(checks: number): void {
    this.left -= checks;
    if (this.left < 0) throw new TooManyChecksError();
  }
}
