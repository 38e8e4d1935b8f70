/** The statuses of deliveries that a replay can select. */
export const FINISHED = ['succeeded', 'failed', 'cancelled', 'skipped'] as const;

/** The status of a delivery that has ended. */
export type FinishedStatus = (typeof FINISHED)[number];

/**
 * Returns the statuses to replay for those that were chosen. None chosen: all of them, or with missing events none, so only the
 * missing ones. The API's own default is another.
 */
export function replayStatus(chosen: readonly FinishedStatus[], missing: boolean): FinishedStatus[] {
  return chosen.length > 0 || missing ? [...chosen] : [...FINISHED];
}
