import { findingsOf, type Finding } from './finding.js';

/** What a clock said, between two looks at our own: Unix milliseconds. */
export interface ClockReading {
  name: string;
  before: number;
  said: number;
  after: number;
}

const clocks = findingsOf('clocks');

/** Tokens are refused when clocks differ by more, unless JWT_CLOCK_TOLERANCE_S says otherwise. */
const WRONG_MS = 5000;
const WARNING_MS = 1000;

/** Reads a clock elsewhere. */
export async function readClock(name: string, read: () => Promise<number>, now: () => number = Date.now): Promise<ClockReading> {
  const before = now();
  const said = await read();
  return { name, before, said, after: now() };
}

/** How far the clocks are apart, ours among them. What the way there and back may account for is no difference. */
export function judgeClocks(readings: readonly ClockReading[]): Finding {
  if (readings.length === 0) return clocks.skipped('neither PostgreSQL nor Redis told the time');
  const sides = [
    { name: 'this machine', aheadMs: 0, doubtMs: 0 },
    ...readings.map(({ name, before, said, after }) => ({
      name,
      aheadMs: said - (before + after) / 2,
      doubtMs: (after - before) / 2,
    })),
  ];
  const apart = sides.flatMap((one, index) =>
    sides.slice(index + 1).map((other) => ({
      text: `${one.name} and ${other.name} are ${inSeconds(Math.abs(one.aheadMs - other.aheadMs))} apart`,
      ms: Math.abs(one.aheadMs - other.aheadMs) - one.doubtMs - other.doubtMs,
    })),
  );
  const [worst] = apart.sort((a, b) => b.ms - a.ms);
  if (worst === undefined || worst.ms <= WARNING_MS) {
    return clocks.ok(`${sides.map(({ name }) => name).join(', ')}: at most ${inSeconds(Math.max(0, worst?.ms ?? 0))} apart`);
  }
  const advice = 'Let all of them follow the same time servers (NTP): tokens end, signatures age and leases run by these clocks.';
  return worst.ms > WRONG_MS ? clocks.wrong(worst.text, advice) : clocks.warning(worst.text, advice);
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
