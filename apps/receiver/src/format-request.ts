import type { ReceivedRequest } from './receiver.js';

/** Formats a received request as one line for the terminal: event, attempt, and whether the signature is valid. */
export function formatRequest({ id, attempt, refused, type, data }: ReceivedRequest, time: Date): string {
  const start = `${time.toISOString().slice(11, 23)} receiver`;
  const which = `${printable(id)}, attempt ${String(attempt)}`;
  return refused === null
    ? `${start} ✓ ${String(type)} (${which}, signature verified) ${JSON.stringify(data)}`
    : `${start} ✗ not verified: ${refused} (${which})`;
}

/** Replaces control characters: anybody may have sent the id, and it must not control the terminal. */
function printable(id: string): string {
  return id.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
}
