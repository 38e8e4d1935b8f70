/** A rotated secret, which signs in addition to the current one until its time. */
export interface PreviousSecret {
  secret: string;
  /** When it stops signing, in Unix seconds. */
  until: number;
}

/** How many rotated secrets may sign at once. Each one adds a signature to every request. */
export const MAX_PREVIOUS_SECRETS = 3;

/**
 * Returns the rotated secrets that still sign.
 *
 * @param now in Unix seconds
 */
export function stillValid(previous: readonly PreviousSecret[], now: number): PreviousSecret[] {
  return previous.filter(({ until }) => until > now);
}

/**
 * Returns the secrets that sign in addition to a new secret, the newest first: the secret that it replaces, for the overlap,
 * and earlier ones, until the times they already have. Empty without an overlap: a leaked secret must not stay valid because
 * of an earlier rotation. Null when there would be more than {@link MAX_PREVIOUS_SECRETS}.
 *
 * @param secret the secret that is replaced
 * @param now in Unix seconds
 * @param overlapS how long the replaced secret still signs, in seconds
 */
export function rotate(
  secret: string,
  previous: readonly PreviousSecret[],
  { now, overlapS }: { now: number; overlapS: number },
): PreviousSecret[] | null {
  if (overlapS === 0) return [];
  const next = [{ secret, until: now + overlapS }, ...stillValid(previous, now)];
  return next.length > MAX_PREVIOUS_SECRETS ? null : next;
}

/** Parses a list of rotated secrets that was written with `JSON.stringify`. */
export function parsePreviousSecrets(text: string): PreviousSecret[] {
  return JSON.parse(text) as PreviousSecret[];
}
