import { findingFactory, type Finding } from './finding.js';

/** One reading of a server's clock, with the local times before and after it, in Unix milliseconds. */
export interface ClockReading {
  name: string;
  requestedAt: number;
  serverTime: number;
  receivedAt: number;
  /** How much later the server's clock may be than it says, in milliseconds: 1,000 for one that says whole seconds. Default: 0. */
  resolutionMs?: number;
}

const clocks = findingFactory('clocks');

/** The default of JWT_CLOCK_TOLERANCE_S: with a greater difference valid tokens are refused. */
const WRONG_MS = 5000;
const WARNING_MS = 1000;

/**
 * Reads the clock of a server.
 *
 * @param name of the server, for messages
 * @param read returns the server's time in Unix milliseconds
 */
export async function readClock(name: string, read: () => Promise<number>, now: () => number = Date.now): Promise<ClockReading> {
  const requestedAt = now();
  const serverTime = await read();
  return { name, requestedAt, serverTime, receivedAt: now() };
}

/**
 * Compares the clocks of the servers and of this machine pairwise, and reports the largest difference. A difference that the time
 * of the request and its response can explain does not count.
 */
export function compareClocks(readings: readonly ClockReading[]): Finding {
  if (readings.length === 0) return clocks.skipped('no clock of another machine could be read');
  const machines = [
    { name: 'this machine', aheadMs: 0, uncertaintyMs: 0 },
    ...readings.map(({ name, requestedAt, serverTime, receivedAt, resolutionMs = 0 }) => ({
      name,
      aheadMs: serverTime + resolutionMs / 2 - (requestedAt + receivedAt) / 2,
      uncertaintyMs: (receivedAt - requestedAt + resolutionMs) / 2,
    })),
  ];
  const differences = machines.flatMap((one, index) =>
    machines.slice(index + 1).map((other) => ({
      text: `${one.name} and ${other.name} are ${formatSeconds(Math.abs(one.aheadMs - other.aheadMs))} apart`,
      ms: Math.abs(one.aheadMs - other.aheadMs) - one.uncertaintyMs - other.uncertaintyMs,
    })),
  );
  const [worst] = differences.sort((a, b) => b.ms - a.ms);
  if (worst === undefined || worst.ms <= WARNING_MS) {
    return clocks.ok(
      `${machines.map(({ name }) => name).join(', ')}: at most ${formatSeconds(Math.max(0, worst?.ms ?? 0))} apart`,
    );
  }
  const advice =
    'Synchronise all of them with the same time servers (NTP): tokens, signatures and leases expire by these clocks.';
  return worst.ms > WRONG_MS ? clocks.wrong(worst.text, advice) : clocks.warning(worst.text, advice);
}

function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
