/**
 * Lists what keeps this process alive: sockets, servers, timers and requests in flight, by their type. A part that was stopped
 * has left the list as it was before the part was built.
 *
 * @see https://nodejs.org/api/process.html#processgetactiveresourcesinfo
 */
export function openHandles(): string[] {
  return process.getActiveResourcesInfo().sort();
}
