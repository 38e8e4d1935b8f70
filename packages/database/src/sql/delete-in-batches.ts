/** Number of rows that one statement of a clean-up deletes at most: it holds their locks, and its commit, for milliseconds. */
export const DELETE_BATCH = 5000;
/** Time after which a clean-up leaves the rest to its next round, in milliseconds, so that the other clean-ups get their turn. */
const TIME_MS = 30_000;

/** The result of one statement of a clean-up. */
export interface DeletedBatch<Place> {
  /** Number of rows that were deleted. */
  deleted: number;
  /** The place in an index to continue at; null: nothing is left to delete. */
  next: Place | null;
}

/**
 * Deletes rows batch by batch, each in its own commit, until nothing is left, the process stops, or 30 seconds are over. Returns
 * the number of deleted rows. Each batch begins where the one before ended: a batch from the beginning would read all that was
 * deleted before it and is not vacuumed yet.
 */
export async function deleteInBatches<Place>(
  start: Place,
  deleteBatch: (from: Place) => Promise<DeletedBatch<Place>>,
  isStopping: () => boolean = () => false,
): Promise<number> {
  const endAt = performance.now() + TIME_MS;
  let total = 0;
  for (let from: Place | null = start; from !== null && !isStopping() && performance.now() < endAt;) {
    const { deleted, next }: DeletedBatch<Place> = await deleteBatch(from);
    total += deleted;
    from = next;
  }
  return total;
}
