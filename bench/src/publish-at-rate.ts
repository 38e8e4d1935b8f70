import { now } from './now.js';

const TICK_MS = 1;

/**
 * Publishes `rate` events a second for so many seconds, and resolves with their number when all are answered. The load is open:
 * each event is published at its intended time, in milliseconds since 1970, whether or not earlier requests were answered.
 */
export async function publishAtRate(
  publish: (number: number, intended: number) => Promise<void>,
  rate: number,
  seconds: number,
): Promise<number> {
  const startsAt = now();
  const count = Math.floor(rate * seconds);
  const published: Promise<void>[] = [];
  while (published.length < count) {
    for (let at = startsAt; at <= now() && published.length < count;) {
      at = startsAt + (published.length * 1000) / rate;
      if (at <= now()) published.push(publish(published.length, at));
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await Promise.all(published);
  return count;
}
