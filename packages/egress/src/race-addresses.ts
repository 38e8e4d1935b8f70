/**
 * Opens a connection to one address. Rejects when that fails; when the signal is aborted, another address was faster, and the
 * connection is given up.
 */
export type Open<Connection> = (address: string, signal: AbortSignal) => Promise<Connection>;

/** Time until the next address is tried as well, in milliseconds: the recommended value of RFC 8305, 8. */
const NEXT_AFTER_MS = 250;
/** More addresses of a host are not tried: whoever has the name could have a network scanned. */
const MAX_ADDRESSES = 32;

/**
 * Opens a connection to the first of the addresses that answers (Happy Eyeballs, RFC 8305): they are tried in their order, the
 * families by turns, each a moment after the one before, or as soon as that one has failed. Unlike Node's own selection, a
 * later attempt ends no earlier one, so that a slow network gets seconds, not 250 ms. Rejects with the last error when all have
 * failed.
 */
export async function raceAddresses<Connection>(
  addresses: readonly string[],
  open: Open<Connection>,
  { nextAfterMs = NEXT_AFTER_MS }: { nextAfterMs?: number } = {},
): Promise<Connection> {
  const waiting = byTurns(addresses).slice(0, MAX_ADDRESSES);
  const ended = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let underWay = 0;
  try {
    return await new Promise<Connection>((resolve, reject) => {
      const openNext = (): void => {
        clearTimeout(timer);
        const address = waiting.shift();
        if (address === undefined) return;
        underWay += 1;
        open(address, ended.signal).then(resolve, (error: unknown) => {
          const failure = error as Error;
          underWay -= 1;
          if (ended.signal.aborted) return;
          if (waiting.length > 0) openNext();
          else if (underWay === 0) reject(failure);
        });
        if (waiting.length > 0) timer = setTimeout(openNext, nextAfterMs);
      };
      openNext();
    });
  } finally {
    clearTimeout(timer);
    ended.abort();
  }
}

/** Returns the addresses with the families by turns, the first one's first (RFC 8305, 4). */
function byTurns(addresses: readonly string[]): string[] {
  const isV6 = (address: string) => address.includes(':');
  const first = addresses.filter((address) => isV6(address) === isV6(addresses[0] ?? ''));
  const others = addresses.filter((address) => isV6(address) !== isV6(addresses[0] ?? ''));
  const rounds = Array.from({ length: Math.max(first.length, others.length) }, (_, index) => [first[index], others[index]]);
  return rounds.flat().filter((address) => address !== undefined);
}
