/**
 * Lists what keeps this process alive: sockets, servers, timers and requests in flight, by their type. A part that was stopped
 * has added nothing to the list.
 *
 * @see https://nodejs.org/api/process.html#processgetactiveresourcesinfo
 */
export function openHandles(): string[] {
  return process.getActiveResourcesInfo().sort();
}

/** Lists the open handles beyond those of an earlier list: what was opened since then. Handles that have closed since then do not count. */
export function handlesOpenedSince(before: readonly string[]): string[] {
  const closed = [...before];
  return openHandles().filter((handle) => {
    const index = closed.indexOf(handle);
    if (index !== -1) closed.splice(index, 1);
    return index === -1;
  });
}
