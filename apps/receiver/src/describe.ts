import type { Arrival } from './receiver.js';

/** One line for a person: what arrived, which attempt it was, and whether the signature is right. */
export function describe({ id, attempt, refused, type, data }: Arrival, time: Date): string {
  const start = `${time.toISOString().slice(11, 23)} receiver`;
  const which = `${printable(id)}, attempt ${String(attempt)}`;
  return refused === null
    ? `${start} ✓ ${String(type)} (${which}, signature verified) ${JSON.stringify(data)}`
    : `${start} ✗ not verified: ${refused} (${which})`;
}

/** An id that anybody may have sent must not steer the terminal. */
function printable(id: string): string {
  return id.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
}
