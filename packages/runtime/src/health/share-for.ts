/**
 * Returns a function that shares one result of `read` between its callers: concurrent ones wait for the same read, and later ones
 * get its result for `maxAgeMs` after it has ended. A read that fails is shared in the same way, so that callers cannot make a
 * failing server work harder than one that answers.
 *
 * @param maxAgeMs the age up to which a result is shared, in milliseconds; 0: only concurrent callers share
 * @param now returns a time in milliseconds
 */
export function shareFor<Result>(
  maxAgeMs: number,
  read: () => Promise<Result>,
  now = () => performance.now(),
): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  let endedAt: number | undefined;
  return () => {
    if (result !== undefined && (endedAt === undefined || now() - endedAt < maxAgeMs)) return result;
    endedAt = undefined;
    const end = (): void => {
      endedAt = now();
    };
    result = read();
    result.then(end, end);
    return result;
  };
}
