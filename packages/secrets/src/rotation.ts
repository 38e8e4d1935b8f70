/** A secret that was rotated away, and signs beside the new one until then, in Unix seconds. */
export interface PreviousSecret {
  secret: string;
  until: number;
}

/** How many rotated secrets may sign at once: each one is a signature more in every request. */
export const MAX_PREVIOUS_SECRETS = 3;

/** Those that still sign at a time, in Unix seconds. */
export function stillValid(previous: readonly PreviousSecret[], now: number): PreviousSecret[] {
  return previous.filter(({ until }) => until > now);
}

/**
 * What signs beside a new secret, the newest first: the one that it takes the place of, for as long as the overlap, and
 * those before it, for as long as they were promised. Without an overlap nothing does: a secret that leaked must not live on because of an
 * earlier rotation. Null when there would be too many.
 *
 * @param now in Unix seconds
 * @param overlapS in seconds
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

/** Reads what `JSON.stringify` made of a list of them. */
export function parsePreviousSecrets(text: string): PreviousSecret[] {
  return JSON.parse(text) as PreviousSecret[];
}
